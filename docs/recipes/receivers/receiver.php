<?php
// Receives Ringback's callbacks with PHP 8.1 or later, without a library.
//
//   RINGBACK_WEBHOOK_SECRETS=whsec_… php -S 127.0.0.1:9000 receiver.php
//
// callback_url: https://callbacks.example.com/hook (behind a web server: the path at which this file lies)
declare(strict_types=1);

const MAX_BODY_BYTES = 64 * 1024; // Ringback sends less than 20 KB.
const TOLERANCE_SECONDS = 300;

if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
    header('Allow: POST');
    answer(405);
}
$keys = keys_of((string) getenv('RINGBACK_WEBHOOK_SECRETS'));
if ($keys === []) {
    error_log('RINGBACK_WEBHOOK_SECRETS must hold one or more whsec_… secrets');
    answer(500);
}
// The signature is over the bytes as they came: php://input, not $_POST.
$body = (string) file_get_contents('php://input', false, null, 0, MAX_BODY_BYTES + 1);
if (strlen($body) > MAX_BODY_BYTES) {
    answer(413);
}
if (!is_genuine($keys, $body)) {
    answer(400);
}
$event = json_decode($body, true);
if (!is_array($event) || !is_string($event['type'] ?? $event['event'] ?? null)) {
    answer(400);
}
$id = $_SERVER['HTTP_WEBHOOK_ID'];
if (!remember($id)) {
    answer(204);
}
// First the answer, then the work: after 15 s without one Ringback calls again. Only PHP-FPM can do both in one request;
// elsewhere, write what is to be done into a table or a queue, and do it in another process.
http_response_code(204);
if (function_exists('fastcgi_finish_request')) {
    fastcgi_finish_request();
}
work($id, $event);

/** Standard Webhooks 1.0.0: HMAC-SHA256 over id.timestamp.body, one signature for each secret in force. */
function is_genuine(array $keys, string $body): bool
{
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if ($id === '' || preg_match('/^[0-9]{1,12}$/D', $timestamp) !== 1) {
        return false;
    }
    if (abs(time() - (int) $timestamp) > TOLERANCE_SECONDS) {
        return false;
    }
    $match = false;
    foreach ($keys as $key) {
        $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
        foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
            // hash_equals takes as long for a near miss as for a far one; === does not.
            $match = hash_equals($expected, $given) || $match;
        }
    }
    return $match;
}

/**
 * False if it came before. PHP forgets everything after a request, so this makes a file for each id. A real one keeps the
 * id in its database, as a unique key, and writes the work to be done in the same transaction.
 */
function remember(string $id): bool
{
    $folder = sys_get_temp_dir() . '/ringback-seen';
    @mkdir($folder, 0700);
    $path = $folder . '/' . hash('sha256', $id);
    // "x" fails if the file is there: of two requests at once, one makes it.
    if (@fopen($path, 'x') !== false) {
        return true;
    }
    if (!file_exists($path)) {
        error_log("cannot write to $folder");
        answer(500);
    }
    return false;
}

/** Your own work goes here: fetch `video_url`, send a message. The `flat` format has `event` and `task_id` at the top. */
function work(string $id, array $event): void
{
    $accepted = [
        'accepted' => $id,
        'type' => $event['type'] ?? $event['event'],
        'task_id' => $event['data']['task_id'] ?? $event['task_id'] ?? null,
    ];
    file_put_contents('php://stdout', json_encode($accepted, JSON_UNESCAPED_SLASHES) . "\n");
}

/** Several during a rotation; none if one is wrong. It refuses an empty secret: an attacker could sign with it. */
function keys_of(string $text): array
{
    $keys = [];
    foreach (preg_split('/[\s,]+/', $text, -1, PREG_SPLIT_NO_EMPTY) as $secret) {
        $key = base64_decode(preg_replace('/^whsec_/', '', $secret), true);
        if ($key === false || strlen($key) < 24) {
            return [];
        }
        $keys[] = $key;
    }
    return $keys;
}

function answer(int $status): never
{
    http_response_code($status);
    exit;
}
