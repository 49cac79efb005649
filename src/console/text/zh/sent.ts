import type { Text } from "../en.ts";

export const sent: Text["sent"] = {
  title: "发送的内容",
  back: "返回任务",
  deleted: "该端点已删除。其地址不再保留，因此无法显示当时的请求。",
  url: "地址",
  headers: "请求头",
  headersHint: "时间戳和签名为本页即时生成，接收方在五分钟内会接受。你的自定义请求头的值不显示（…）。",
  body: "请求体",
  bodyHint: "为便于阅读已排版。“复制”得到的是参与签名并实际发送的原文。",
  exact: "发送的原文",
  replay: "重放到 localhost",
  replayHint: "向你电脑上的接收程序发送相同的请求。",
  elsewhere: "发送到另一个地址",
  elsewhereLead: "只向该地址发送一次，webhook-id 和请求体不变。该任务原有的回调、状态和重试均不受影响。",
  target: "另一个地址",
  own: "自定义请求头",
  ownHint: "每行一个，格式为 Name: value。任务原有的自定义请求头不会发送到该地址。",
  send: "发送到该地址",
  to: (host) => `发往 ${host}`,
};
