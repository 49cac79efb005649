import type { Text } from "../en.ts";

export const operator: Text["operator"] = {
  title: "账户",
  lead: "选择一个账户，查看它的任务和回调，并可重新投递。",
  account: "当前账户",
  change: "所有账户",
  open: (name) => `打开 ${name}`,
  unfinished: "未完成",
  failedTasks: "失败的任务",
  failedCallbacks: "投递失败的回调",
  failing: "持续失败的接收方",
  silent: "该账户没有响应，请稍后刷新页面。",
  more: "更多账户",
};
