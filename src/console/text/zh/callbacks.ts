import type { Text } from "../en.ts";

export const callbacks: Text["callbacks"] = {
  stop: {
    receiver: "未发送：接收方对该任务的另一个事件答复了 410 或 501。",
    key: "未发送：服务商不认识该任务的 Key。",
    endpoint: "未发送：该端点已停用或已删除。启用后可以重新发送。",
  },
  leadsTo: "重定向至",
  advice: {
    secret:
      "接收方不信任该请求。请核对它使用的密钥与“Webhook”页面上的是否一致，用原始请求体（而不是解析后的内容）验证签名，并确认它是否还需要自己的请求头（callback_headers）。",
    n8nTest:
      "这是 n8n 的测试地址，只有编辑器正在监听时才有效。请改用生产地址（把 /webhook-test/ 换成 /webhook/），并启用该工作流。",
    notFound:
      "该路径没有应答。请检查地址中的路径。n8n：启用工作流并使用生产地址；Zapier 和 Make：确认该 Webhook 仍然存在并已开启。",
    method:
      "接收方在该地址不接受 POST。请确认这是 Webhook 的地址而不是网页；在 n8n 中把节点的 HTTP 方法设为 POST。",
    tooLarge: "接收方不接受这么大的请求体。回调小于 20 KB：请调高接收方或其前置代理的限制。",
    body: "接收方不接受该请求体。请查看它的应答；无代码工具通常需要 flat 格式，该格式在创建任务时选择。",
    busy: "接收方限制了请求频率。Ringback 会按它要求的时间等待；如果一直如此，请调高限制，或先应答再排队处理。",
    gateway: "接收方前面的代理没有得到应用的应答。请确认后面的应用正在运行。",
    server: "接收方处理回调时出错。请查看它在该时间的日志；每次尝试的 webhook-id 都相同。",
    timeout: "先应答，再处理：验证签名后立即答复 200，把实际工作放进队列或后台。",
    redirect: "请用它指向的地址创建新任务，并在“发送的内容”中把该事件发送到该地址。",
    connection:
      "未能建立连接，常见原因有三：域名没有 DNS 记录；端口没有程序监听，或被防火墙拦截；TLS 证书已过期、域名不符或缺少证书链。从另一个网络用 curl -v 访问该地址即可看出是哪一种。",
    gone: "接收方不再需要该任务的回调。在 Make 中，没有场景使用的 Webhook 会被关闭并答复 410：请重新开启后再次发送。",
    notImplemented: "501 表示接收方永远不会接受该请求，因此 Ringback 已停止。请检查地址，然后重新发送。",
    endpointDeleted:
      "重新登记的端点是新的端点，只接收之后创建的任务。如需该事件，请在“发送的内容”中把它发送到另一个地址。",
    urlRejected: "该部署的规则已不允许该地址。请发送到另一个地址，或询问管理员。",
    headersRejected: "请用其他 callback_headers 创建新任务，或发送到另一个地址。",
    interrupted: "无需处理：Ringback 会再次发送，webhook-id 不变。",
    other: "请查看接收方的应答，以及它在该时间的日志。",
  },
  endpoint: {
    reason: {
      redirect: "接收方重定向到了另一个地址。Ringback 不跟随重定向，请把最终地址设为端点的地址。",
      gone: "接收方返回 410（Gone），因此 Ringback 停用了该端点。",
    },
    advice: {
      secret:
        "接收方不信任该请求。请核对它使用的密钥与“Webhook”页面上的是否一致，用原始请求体（而不是解析后的内容）验证签名，并确认它是否还需要自己的请求头；请求头可在端点页面上设置。",
      body: "接收方不接受该请求体。请查看它的应答；无代码工具通常需要 flat 格式，可在端点页面上设置，对之后创建的任务生效。",
      redirect: "请把它指向的地址设为端点的地址，然后重新发送。",
      gone: "在 Make 中，没有场景使用的 Webhook 会被关闭并答复 410。请重新开启接收方，在端点页面上启用该端点，然后重新发送。",
      notImplemented:
        "501 表示接收方永远不会接受该请求，因此 Ringback 已停止这次投递。请检查端点的地址，然后重新发送。",
      urlRejected: "该部署的规则已不允许该地址。请在端点页面上换一个地址，或询问管理员。",
      headersRejected: "请在端点页面上换用其他请求头，然后重新发送。",
    },
  },
  elsewhere: {
    reason: {
      redirect: "接收方重定向到了另一个地址。Ringback 不跟随重定向。",
      gone: "接收方返回 410（Gone）。",
    },
    advice: {
      busy: "接收方限制了请求频率。请稍候，再向该地址发送一次。",
      redirect: "请发送到它指向的地址。",
      gone: "该地址不再接受回调。任务原有的回调不受影响。",
      notImplemented: "501 表示该地址永远不会接受该请求。请检查地址，再向它发送一次。",
      urlRejected: "该部署的规则不允许该地址。请换一个地址，或询问管理员。",
      headersRejected: "请换用其他请求头，再向该地址发送一次。",
      interrupted: "Ringback 不会自动再次发往该地址。如果没有送达，请再发送一次。",
    },
  },
  again: "Ringback 会自动重试。",
  afterwards: "接收方恢复后，请重新发送。",
};

export const video: Text["video"] = {
  download: "下载",
  link: "复制链接",
  until: "通常可用至约",
  gone: "文件已不可用",
  goneLead: (life) => `服务商通常在任务结束后保留文件约 ${life}。Ringback 只保存它的地址。`,
  broken: "文件无法加载，很可能已被服务商删除。",
  tryAnyway: "尝试打开",
};

export const tests: Text["tests"] = {
  running: "测试进行中",
};
