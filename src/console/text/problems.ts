import type { Language } from "../language.ts";

/**
 * What the schemas say is wrong, in Chinese. They say it in English, because the API does; a page translates it here,
 * sentence by sentence, and a test holds this list to what they can say.
 */
const CHINESE: readonly (readonly [pattern: RegExp, chinese: string])[] = [
  [/^is not a field of Ringback$/, "不是 Ringback 的字段"],
  [/^is required: a string of 1 to 200 characters$/, "必填：1 到 200 个字符"],
  [/^is required for a text task$/, "文生视频必填"],
  [/^is required when end_image is given$/, "提供尾帧时必填"],
  [/^is required when (\w+) is (\w+)$/, "$1 为 $2 时必填"],
  [/^is required$/, "必填"],
  [/^may hold at most 10 headers$|^at most 10 headers$/, "最多 10 个请求头"],
  [/^(?:may hold )?at most (\d+) bytes in all$/, "合计最多 $1 字节"],
  [/^must be a JSON object$/, "必须是 JSON 对象"],
  [/^must be an object$/, "必须是对象"],
  [/^must be a string$|^must be text$/, "必须是文本"],
  [/^must be an absolute URL$/, "必须是完整的网址"],
  [/^must be an https URL$/, "必须是 https 网址"],
  [/^must be an http\(s\) URL$/, "必须是 http(s) 网址"],
  [
    /^must be an http\(s\) URL, a data:image\/…;base64, URL or base64, or an asset:\/\/ URL$/,
    "必须是 http(s) 网址、data:image/…；base64, 地址、base64 或 asset:// 地址",
  ],
  [
    /^must be an http\(s\) URL, a data:image\/…;base64, URL or base64$/,
    "必须是 http(s) 网址、data:image/…；base64, 地址或 base64",
  ],
  [/^must be an integer from 4 to 15, or -1$/, "必须是 4 到 15 的整数，或 -1"],
  [/^must be an integer from (\d+) to (\d+)$/, "必须是 $1 到 $2 的整数"],
  [/^must be an integer$/, "必须是整数"],
  [/^must be a number from (\d+) to (\d+)$/, "必须是 $1 到 $2 的数字"],
  [/^must be a number of bytes from (\d+) to (\d+)$/, "必须是 $1 到 $2 的字节数"],
  [/^must be from (\S+) to (\S+) seconds$/, "必须在 $1 到 $2 秒之间"],
  [/^must be seconds, such as 15 or 0\.5$/, "必须是秒数，例如 15 或 0.5"],
  [/^must be hours, more than 0 and at most (\d+)$/, "必须是小时数，大于 0 且不超过 $1"],
  [
    /^must be up to 20 comma separated numbers of seconds, each at most (\d+)$/,
    "最多 20 个逗号分隔的秒数，每个不超过 $1",
  ],
  [/^must be false: this deployment keeps no files$/, "必须是 false：该部署不保存文件"],
  [/^must be spelled (\w+)$/, "应写作 $1"],
  [/^must be given in (\w+) itself$/, "应写在 $1 字段里"],
  [/^must be a list of at most (\d+)$/, "必须是列表，最多 $1 项"],
  [/^must be a non-empty list of (.+)$/, "必须从以下选项中至少选一个：$1"],
  [/^must be at most (\d+) bytes of JSON$/, "JSON 最多 $1 字节"],
  [/^must be at most (\d+) characters(?: long)?$/, "最多 $1 个字符"],
  [/^must be one of (.+)$/, "必须是以下之一：$1"],
  [/^must be standard or flat$/, "必须是 standard 或 flat"],
  [/^must be strict or lenient$/, "必须是 strict 或 lenient"],
  [/^must be true or false$/, "必须是 true 或 false"],
  [/^must be visible ASCII(?: characters)?$/, "只能包含可见的 ASCII 字符"],
  [/^must be host names, comma separated$/, "必须是逗号分隔的主机名"],
  [/^must be name:sha256hex entries, comma separated$/, "必须是逗号分隔的 name:sha256hex"],
  [/^must be set \(32 characters or more\)$/, "必须设置（至少 32 个字符）"],
  [/^must be set when (\w+) is$/, "设置了 $1 时必须设置"],
  [/^must have 32 characters or more$/, "至少 32 个字符"],
  [/^must have (\d+) different characters or more$/, "至少包含 $1 种不同的字符"],
  [/^must not be this deployment's own host$/, "不能是该部署自己的主机"],
  [/^must be the name of a header$/, "必须是请求头的名称"],
  [/^must have no query, fragment, user name or password$/, "不能带查询参数、片段、用户名或密码"],
  [/^must name a host$/, "必须包含主机名"],
  [/^must name a public host, not a special-use or local one$/, "必须是公网主机，不能是保留或本地的名称"],
  [/^must name a public host: a DNS name with a dot$/, "必须是公网主机：带点的域名"],
  [/^must name a valid DNS host$/, "必须是有效的域名"],
  [/^must name its host by DNS, not by IP address$/, "必须使用域名，不能使用 IP 地址"],
  [/^must not carry a user name or password$/, "不能带用户名或密码"],
  [/^must not point at this Ringback deployment itself$/, "不能指向该 Ringback 部署本身"],
  [/^must use port 443 or a port from 1024$/, "端口必须是 443 或不小于 1024"],
  [/^takes outcome and delay_seconds$/, "只能包含 outcome 和 delay_seconds"],
  [/^is not a header name$/, "不是有效的请求头名称"],
  [/^cannot be set by a caller$/, "不允许自行设置"],
  [/^is given twice$/, "重复"],
  [/^is not a cursor of this list$/, "不是该列表的分页位置"],
  [/^must be 1 to 255 visible characters$/, "必须是 1 到 255 个可见字符"],
];

/** In the reader's language; a sentence that is not on the list stays English. */
export function problemText(language: Language, message: string): string {
  if (language === "en") return message;
  const entry = CHINESE.find(([pattern]) => pattern.test(message));
  return entry ? message.replace(entry[0], entry[1]) : message;
}
