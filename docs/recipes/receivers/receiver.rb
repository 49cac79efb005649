# Receives Ringback's callbacks with Ruby 3.0 or later.
#
#   gem install webrick
#   RINGBACK_WEBHOOK_SECRETS=whsec_… PORT=9000 ruby receiver.rb
#
# callback_url: https://callbacks.example.com/hook
require "json"
require "openssl"
require "webrick"

MAX_BODY_BYTES = 64 * 1024 # Ringback sends less than 20 KB.
TOLERANCE_SECONDS = 300

# Several during a rotation; none if one is wrong. An attacker could sign with an empty secret.
def keys_of(text)
  keys = text.split(/[\s,]+/).reject(&:empty?).map { |secret| secret.delete_prefix("whsec_").unpack1("m0") }
  keys.all? { |key| key.bytesize >= 24 } ? keys : []
rescue ArgumentError
  []
end

KEYS = keys_of(ENV.fetch("RINGBACK_WEBHOOK_SECRETS", ""))
abort "RINGBACK_WEBHOOK_SECRETS must hold one or more whsec_… secrets" if KEYS.empty?

SEEN = {}
LOCK = Mutex.new

# The status of the answer.
def receive(request)
  return 405 unless request.request_method == "POST"

  # The signature is over the bytes as they came.
  body = read_bounded(request)
  return 413 if body.nil?
  return 400 unless genuine?(request, body)

  event = event_in(body)
  return 400 if event.nil?

  id = request["webhook-id"]
  # The answer does not wait for the work: after 15 s without one Ringback calls again.
  Thread.new { work(id, event) } if remember(id)
  204
end

# Nil: larger than any callback is.
def read_bounded(request)
  body = String.new
  length = 0
  request.body do |chunk|
    length += chunk.bytesize
    body << chunk if length <= MAX_BODY_BYTES
  end
  length > MAX_BODY_BYTES ? nil : body
end

# Standard Webhooks 1.0.0: HMAC-SHA256 over id.timestamp.body, one signature for each secret in force.
def genuine?(request, body)
  id = request["webhook-id"].to_s
  timestamp = request["webhook-timestamp"].to_s
  return false if id.empty? || !timestamp.match?(/\A[0-9]{1,12}\z/)
  return false if (Time.now.to_i - timestamp.to_i).abs > TOLERANCE_SECONDS

  given = request["webhook-signature"].to_s.split(" ")
  KEYS.any? do |key|
    expected = "v1,#{[OpenSSL::HMAC.digest("SHA256", key, "#{id}.#{timestamp}.".b + body.b)].pack("m0")}"
    # secure_compare takes as long for a near miss as for a far one; == does not.
    given.any? { |signature| OpenSSL.secure_compare(expected, signature) }
  end
end

# The event, or nil. The flat format has `event` and `task_id` at the top.
def event_in(body)
  event = JSON.parse(body.dup.force_encoding("UTF-8"))
  event if event.is_a?(Hash) && (event["type"] || event["event"]).is_a?(String)
rescue JSON::ParserError
  nil
end

# False if it came before. A real one keeps the id in its database, as a unique key, and writes the work to be done in the
# same transaction: then neither a restart nor a second process does it twice, or never.
def remember(id)
  LOCK.synchronize do
    return false if SEEN.key?(id)

    SEEN[id] = true
    SEEN.shift if SEEN.size > 10_000
    true
  end
end

# Your own work goes here: fetch `video_url`, send a message.
def work(id, event)
  task_id = (event["data"] || {})["task_id"] || event["task_id"]
  # One write: of two threads that print at once, puts may mix the lines.
  $stdout.syswrite("#{JSON.generate({ accepted: id, type: event["type"] || event["event"], task_id: task_id })}\n")
end

quiet = WEBrick::Log.new(File::NULL)
server = WEBrick::HTTPServer.new(
  BindAddress: "127.0.0.1", Port: ENV.fetch("PORT", "9000").to_i, Logger: quiet, AccessLog: []
)
server.mount_proc("/hook") { |request, response| response.status = receive(request) }
trap("TERM") { server.shutdown }
trap("INT") { server.shutdown }
server.start
