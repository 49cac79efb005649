import type { Text } from "../en.ts";

export const errors: Text["errors"] = {
  invalid_request: "表单中有内容不符合要求。",
  unauthorized: "无法识别该 Key，请重新登录。",
  forbidden: "该 Key 不能执行此操作。",
  not_found: "没有这个页面。",
  task_not_found: "没有这个任务。它可能已被删除、已过保存期，或属于另一个 Key。",
  method_not_allowed: "该地址不接受这种请求。",
  request_timeout: "表单没有及时送达，请重新发送。",
  recovery_running: "已有一次补发正在进行。请等它结束，或先取消它。",
  nothing_to_deliver: "还没有可发送的事件。",
  too_many_endpoints: "该账号已有 10 个端点，请先删除一个。",
  too_many_redeliveries: "该任务已手动发送 1000 次，达到上限。",
  too_many_secrets: "还有三个旧密钥在使用，请等其中一个过期。",
  payload_too_large: "表单超过了该部署允许的大小，请用网址代替较大的图片。",
  unsupported_media_type: "该页面只接受它自己的表单。",
  range_not_satisfiable: "文件中没有所请求的字节。",
  internal: "这是我们的错误。如果再次出现，请把请求编号告知管理员。",
  loop_detected: "该请求由 Ringback 自己发出，因此没有执行任何操作。",
  generation_failed: "请查看服务商给出的说明，修改提示词或图片后重新提交。",
  timed_out: "请设置更大的 timeout_seconds 后重新提交，或凭任务 ID 向服务商询问。",
  submit_unknown: "重新提交前请先到服务商控制台核对，以免重复扣费。",
  upstream_lost: "请核对 base URL 和模型 ID，并记录服务商任务 ID 以便联系其技术支持。",
  upstream_unauthorized:
    "请检查 API Key 和 Authorization 请求头（401）。如果更换过 Key，请用新的 Key 重新提交。",
  upstream_payment_required: "请检查服务商账户余额（402），然后重新提交。",
  upstream_forbidden: "请检查账户余额、Token 组额度和模型权限（403）。",
  upstream_not_found: "请核对 base URL 和模型 ID（404，model_not_found）。",
  upstream_rejected: "请查看服务商给出的说明并修改请求。",
  result_missing: "请记录服务商任务 ID 和时间，联系其技术支持。",
  rate_limited: "请求过于频繁（429）。请降低提交并发，每次被拒后适当延长等待时间。",
  upstream_error: "服务商出现故障（500 或 502）。请稍后重试，或凭任务 ID 和时间联系其技术支持。",
  overloaded: "Ringback 没有及时响应，请稍后再试。",
  misconfigured: "该部署缺少某项设置，或设置无法解析。",
  idempotency_mismatch:
    "该表单此前已用不同的内容发送过。请先到列表中确认任务是否已存在；再次发送会新建另一个任务。",
  idempotency_in_progress: "第一次点击仍在提交中，请稍候并查看列表。",
  idempotency_deleted: "该表单新建的任务已被删除。再次发送会新建另一个任务。",
};

export const taskErrors: Text["taskErrors"] = {
  generation_failed: "服务商报告生成失败。",
  timed_out: "任务在截止时间前没有完成。",
  never_submitted: "服务商在截止时间前没有接受该任务。",
  submit_unknown: "无法确定服务商是否已收到请求，因此没有再次提交。",
  upstream_lost: "服务商已找不到该任务。",
  result_missing: "服务商报告成功，但没有给出可用的视频地址。",
  upstream_unauthorized: "服务商拒绝了该 API Key。",
  upstream_payment_required: "服务商要求付费。",
  upstream_forbidden: "服务商不允许该请求。",
  upstream_not_found: "服务商没有这个模型或路径。",
  upstream_rejected: "服务商拒绝了该请求。",
  test_failed: "该测试任务按要求失败。",
};

export const operatorErrors: Text["operatorErrors"] = {
  refuses: (status) => `管理员的服务商账户拒绝了该请求（${status}）。`,
  tellRequest: (id) => `请把请求编号告知管理员：${id}`,
  tellTask: "请把任务 ID 告知管理员。",
};

export const problem: Text["problem"] = {
  notFound: "未找到",
  crossSite: "并非来自本站",
  crossSiteLead: "该表单不是由本控制台的页面发出的，因此没有执行任何操作。",
  settings: "该部署尚未就绪",
  settingsLead: "以下设置缺失或无法解析，在此之前不会运行任何任务：",
  settingsHint: "请用 wrangler secret put 或在 wrangler.toml 中设置，然后重新部署。",
  busy: "繁忙",
  broken: "出错了",
  refused: "请求被拒绝",
  linkExpired: "该分页链接已过期。",
  home: "返回任务列表",
};
