/** How a developer sends a conversion from a server, by language. */
export interface Snippet {
  readonly language: 'curl' | 'node' | 'php';
  readonly code: string;
}

/**
 * Code that sends one purchase to a postback address: what is sent in the body needs no encoding by hand, an answer other than 200
 * and 409 (we have it already) is an error to be seen. Node 18 and PHP 8 need nothing installed.
 *
 * @param url the source's address with its key, without parameters.
 */
export function snippets(url: string): readonly Snippet[] {
  return [
    {
      language: 'curl',
      code: [
        `curl ${quoted(url)} \\`,
        `  --data-urlencode "click_id=$CLICK_ID" \\`,
        `  --data-urlencode "event=purchase" \\`,
        `  --data-urlencode "txid=$ORDER_ID" \\`,
        `  --data-urlencode "amount=49.90" \\`,
        `  --data-urlencode "currency=USD"`,
      ].join('\n'),
    },
    {
      language: 'node',
      code: [
        `const response = await fetch(${quoted(url)}, {`,
        `  method: 'POST',`,
        `  headers: { 'content-type': 'application/json' },`,
        `  body: JSON.stringify({ click_id: clickId, event: 'purchase', txid: orderId, amount: '49.90', currency: 'USD' }),`,
        `});`,
        `// 409: it was sent before. Anything else but 200: try again later, or read the answer.`,
        `if (!response.ok && response.status !== 409) throw new Error(await response.text());`,
      ].join('\n'),
    },
    {
      language: 'php',
      code: [
        `$answer = file_get_contents(${quoted(url)}, false, stream_context_create(['http' => [`,
        `    'method' => 'POST',`,
        `    'header' => 'Content-Type: application/json',`,
        `    'content' => json_encode(['click_id' => $clickId, 'event' => 'purchase', 'txid' => $orderId, 'amount' => '49.90', 'currency' => 'USD']),`,
        `    'ignore_errors' => true, 'timeout' => 10,`,
        `]]));`,
        `// 409: it was sent before. Anything else but 200: try again later, or read the answer.`,
        `if (!preg_match('/ (200|409) /', $http_response_header[0])) throw new RuntimeException($answer);`,
      ].join('\n'),
    },
  ];
}

/** An address holds neither quotes nor spaces; what would end a text early is encoded all the same. */
function quoted(url: string): string {
  return `'${url.replaceAll("'", '%27').replaceAll('\\', '%5C').replaceAll(' ', '%20')}'`;
}
