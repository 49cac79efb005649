import type { Text } from "../en.ts";

export const start: Text["start"] = {
  title: "快速开始",
  lead: "四步完成：从第一个任务，到你的程序可以信任的回调。",
  test: "开始免费测试",
  testLead: "测试任务会在几秒内走完全部流程，不生成视频，也不产生费用；回调是真实的。",
  testUrlHint: "可选。结果会 POST 到该地址。",
  receiver: "测试你的接收方",
  verify: "验证回调",
  verifyLead:
    "任何知道该地址的程序都能调用它，因此请验证每个回调的签名。把密钥填入 RINGBACK_WEBHOOK_SECRETS，再运行下面任一程序；每个都完整且经过测试。",
  language: "各语言的接收程序",
  download: "下载",
  noCode: "使用无代码工具",
  noCodeLead: "包含每个字段的填写方法，以及可导入的工作流（英文）。",
  more: "全部步骤：测试接收方、验证回调、使用无代码工具",
};
