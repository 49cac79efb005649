import type { Text } from "../en.ts";

export const raw: Text["raw"] = {
  title: "在其他服务商新建任务",
  lead: "按服务商自己的格式原样发送请求，由 Ringback 跟踪任务并回调。",
  ways: "任务的填写方式",
  form: "表单",
  others: "其他服务商",
  target: "服务商和路径",
  targetHint: "各服务商支持的请求。",
  name: (name) => `路径中的 {${name}}`,
  nameHint: "最多 200 个字母、数字、点、下划线和连字符。",
  body: "请求内容",
  bodyHint: "JSON 对象，格式见服务商的文档。回调在下方单独填写。",
};
