import type { Text } from "../en.ts";

export const files: Text["files"] = {
  ready: "服务商已完成",
  copying: "正在复制文件",
  copyingLead: "视频已生成。Ringback 正在复制文件，复制完成后任务即结束。即使复制失败，任务仍算成功。",
  copyTries: (count) => `已失败 ${count} 次，将再次尝试`,
  copyEnds: "最迟结束复制",
  keptUntil: "至少可用至",
  keptBroken: "无法从 Ringback 加载该文件。请刷新页面，或稍后再试。",
  kept: "保存的文件",
  source: "服务商的地址",
  notKept: "Ringback 没有保存该视频的副本。",
  notKeptLead: "文件只在服务商处，其链接通常一天内失效，请立即下载。",
  reason: {
    needs_key: "只有服务商的 Key 才能打开该文件。",
    not_media: "服务商的地址返回的不是视频或图片。",
    too_large: "文件超过该部署允许保存的大小。",
    url_rejected: "该部署不从服务商的这个地址下载。",
    redirect: "服务商的地址重定向次数过多，或没有指明去处。",
    timeout: "复制没有及时完成。",
    connection: "与服务商的连接失败或中断。",
    storage: "该部署的存储没有收下文件。",
  },
  reasonHttp: (status) => `服务商对该文件返回 ${status}。`,
};
