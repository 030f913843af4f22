// Requests that two servers may read differently (request smuggling, RFC 9112 section 11.2). Each hides a second request.

/** `inner`: the second request. `headers`: lines that make the outer request valid apart from its flaw. */
type Write = (inner: string, headers: string) => string
/** `tolerated`: why a proxy may accept the request, as one request. */
type Malformed = readonly [name: string, write: Write, tolerated?: string]

const start = 'POST /sign HTTP/1.1\r\nhost: localhost:8081\r\ncontent-type: application/json\r\n'
const body = '{"message":"attack"}'
/** The length of `body`. */
const length = 'content-length: 20'
const chunked = 'transfer-encoding: chunked'
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const bareCr = (text: string) => text.replaceAll('\r\n', '\r ')

const BARE_CR = 'a bare CR ends no line, RFC 9112 section 2.2'
const BARE_LF = 'a bare LF may end a line, RFC 9112 section 2.2'

/** An outer request with `lines` as its last headers, then `rest`. */
const framed =
  (lines: string, rest: (inner: string) => string): Write =>
  (inner, headers) =>
    `${start}${headers}${lines}\r\n\r\n${rest(inner)}`
/** The second request after `body`, or after the last chunk. */
const afterBody = (lines: string) => framed(lines, (inner) => `${body}${inner}`)
const afterChunks = (lines: string, chunks = '') =>
  framed(lines, (inner) => `${chunks}0\r\n\r\n${inner}`)
/** An outer request with another request line or Host. */
const restarted =
  (from: string, to: string): Write =>
  (inner, headers) =>
    `${start.replace(from, to)}${headers}${length}\r\n\r\n${body}${inner}`

export const malformedRequests: readonly Malformed[] = [
  ['Content-Length and Transfer-Encoding', afterChunks(`content-length: 4\r\n${chunked}`)],
  ['Transfer-Encoding and Content-Length', afterChunks(`${chunked}\r\ncontent-length: 4`)],
  ['two Content-Lengths', afterBody(`content-length: 0\r\n${length}`)],
  ['two Content-Lengths in one line', afterBody('content-length: 0, 20')],
  ...['-1', '+20', '0x14', '2e1', '20 20', '99999999999999999999', ''].map((each): Malformed => {
    return [`Content-Length: "${each}"`, afterBody(`content-length: ${each}`)]
  }),
  ...['xchunked', 'identity, chunked', 'chunked, identity', 'chunked, chunked', '"chunked"'].map(
    (coding): Malformed => [
      `Transfer-Encoding: ${coding}`,
      afterChunks(`transfer-encoding: ${coding}`),
    ],
  ),
  ['a space before the colon of Transfer-Encoding', afterChunks('transfer-encoding : chunked')],
  ['Transfer-Encoding twice', afterChunks(`${chunked}\r\ntransfer-encoding: identity`)],
  ['Transfer-Encoding on a folded line', afterChunks(`x: y\r\n ${chunked}`)],
  ['a chunk size that overflows', afterChunks(chunked, `10000000000000014\r\n${body}\r\n`)],
  ['a chunk size with a sign', afterChunks(chunked, `-14\r\n${body}\r\n`)],
  ['a chunk that is longer than its size', afterChunks(chunked, `2\r\n${body}\r\n`)],
  ['a bare LF after the chunk size', afterChunks(chunked, `14;\n${body}\r\n`)],
  [
    'the second request inside the body',
    (inner, headers) => `${start}${headers}content-length: ${inner.length}\r\n\r\n${inner}`,
  ],
  ['the second request inside a chunk', framed(chunked, (inner) => `${chunk(inner)}0\r\n\r\n`)],
  [
    'the second request in a trailer',
    framed(chunked, (inner) => `${chunk(body)}0\r\nx: ${bareCr(inner)}\r\n\r\n`),
    BARE_CR,
  ],
  [
    'the second request in a header',
    (inner, headers) => `${start}${headers}x: ${bareCr(inner)}\r\n${length}\r\n\r\n${body}`,
    BARE_CR,
  ],
  ['a bare CR in a header', afterBody(`x: a\rcontent-length: 0\r\n${length}`), BARE_CR],
  ['a NUL in a header', afterBody(`x: a\0b\r\n${length}`)],
  ['a header without a colon', afterBody(`nothing\r\n${length}`)],
  ['a header without a name', afterBody(`: x\r\n${length}`)],
  ['HTTP/0.9', (inner) => `POST /sign\r\n\r\n${inner}`],
  ['HTTP/1.2 with an extra space', restarted('/sign HTTP/1.1', '/sign  HTTP/1.2')],
  ['no Host', restarted('host: localhost:8081\r\n', '')],
  ['two Hosts', afterBody(`host: other\r\n${length}`)],
  [
    'a bare LF at the end of each line',
    (inner, headers) => afterBody(length)(inner, headers).replaceAll('\r\n', '\n'),
    BARE_LF,
  ],
]
