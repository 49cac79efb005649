import type { Text } from "../en.ts";

export const shell: Text["shell"] = {
  product: "Ringback",
  skip: "跳到正文",
  nav: "主导航",
  tasks: "任务",
  newTask: "新建任务",
  webhooks: "Webhook",
  endpoints: "端点",
  statistics: "统计",
  reference: "接口文档",
  signOut: "退出",
  signedInAs: "当前登录：",
  comma: "、",
  pair: (name, what) => `${name}：${what}`,
  stale: "连接已断开，当前内容可能不是最新，正在重试……",
  request: "请求编号",
  copy: "复制",
  copied: "已复制",
  notCopied: "已选中，请按 Ctrl+C",
};

export const signIn: Text["signIn"] = {
  title: "登录",
  lead: "查看视频任务的进展，新建任务，调试你的 Webhook。",
  own: "API Key",
  ownHint:
    "视频服务商的 Key，与程序中 Authorization: Bearer 使用的相同。它只加密保存在本浏览器的 Cookie 中。",
  operator: "Ringback 令牌",
  operatorHint: "与程序中 Authorization: Bearer 使用的令牌相同。它只加密保存在本浏览器的 Cookie 中。",
  submit: "登录",
  refused: "无法识别该 Key，请检查是否复制完整。",
  unproved: "尚未见过该 Key，也无法向服务商查询。请先在程序中用它新建一个任务，再登录。",
  tooLong: "该 Key 太长，无法保存到 Cookie。",
  silent: "服务商暂未确认该 Key 是否有效，请稍后再试。",
  tooMany: "尝试次数过多，请一分钟后再试。",
  onwards: "进入控制台",
  life: (hours) => `登录状态最多保持 ${hours} 小时。`,
};

export const status: Text["status"] = {
  queued: "排队中",
  running: "生成中",
  succeeded: "成功",
  failed: "失败",
};

export const callback: Text["callback"] = {
  none: "无回调",
  waiting: "尚未触发",
  pending: "等待重试",
  delivered: "已送达",
  exhausted: "投递失败",
  stopped: "已停止",
};

export const time: Text["time"] = {
  seconds: (count) => `${count} 秒`,
  minutes: (minutes, seconds) => (seconds === 0 ? `${minutes} 分钟` : `${minutes} 分 ${seconds} 秒`),
  hours: (hours, minutes) => (minutes === 0 ? `${hours} 小时` : `${hours} 小时 ${minutes} 分`),
  days: (days) => `${days} 天`,
  milliseconds: (count) => `${count} 毫秒`,
  ago: (span) => `${span}前`,
  in: (span) => `${span}后`,
  now: "现在",
};
