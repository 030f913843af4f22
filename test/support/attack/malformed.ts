// Requests that two servers might read differently (RFC 9112 section 11.2). Each hides a second request.

/** `write`: `inner` is the hidden request, `headers` complete the outer one. `tolerated`: why a proxy may read it. */
type Malformed = {
  name: string
  write: (inner: string, headers: string) => string
  tolerated?: string
}

const start = 'POST /sign HTTP/1.1\r\nhost: localhost:8081\r\ncontent-type: application/json\r\n'
const body = '{"message":"attack"}'
const bareCr = 'a bare CR ends no line, RFC 9112 section 2.2'
const bareLf = 'a bare LF may end a line, RFC 9112 section 2.2'
const ofBody = 'content-length: 20'
const chunked = 'transfer-encoding: chunked'
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const afterBody = (inner: string) => `${body}${inner}`
const afterLastChunk = (inner: string) => `0\r\n\r\n${inner}`
const withoutCr = (inner: string) => inner.replaceAll('\r\n', '\r ')

/** An outer request with `lines` for its length, the end of the headers, and `rest`. */
type Framed = readonly [name: string, lines: string, rest: (inner: string) => string, why?: string]
const framed: readonly Framed[] = [
  ['Content-Length and Transfer-Encoding', `content-length: 4\r\n${chunked}`, afterLastChunk],
  ['Transfer-Encoding and Content-Length', `${chunked}\r\ncontent-length: 4`, afterLastChunk],
  ['two Content-Lengths', 'content-length: 0\r\ncontent-length: 20', afterBody],
  ['two Content-Lengths in one line', 'content-length: 0, 20', afterBody],
  ...['-1', '+20', '0x14', '2e1', '20 20', '99999999999999999999', ''].map(
    (length): Framed => [`Content-Length: "${length}"`, `content-length: ${length}`, afterBody],
  ),
  ...['xchunked', 'identity, chunked', 'chunked, identity', 'chunked, chunked', '"chunked"'].map(
    (coding): Framed => [
      `Transfer-Encoding: ${coding}`,
      `transfer-encoding: ${coding}`,
      afterLastChunk,
    ],
  ),
  ['a space before the colon of Transfer-Encoding', 'transfer-encoding : chunked', afterLastChunk],
  ['Transfer-Encoding twice', `${chunked}\r\ntransfer-encoding: identity`, afterLastChunk],
  ['Transfer-Encoding on a folded line', `x: y\r\n ${chunked}`, afterLastChunk],
  ...(
    [
      ['a chunk size that overflows', '10000000000000014\r'],
      ['a chunk size with a sign', '-14\r'],
      ['a chunk that is longer than it says', '2\r'],
      ['a bare LF after the chunk size', '14;'],
    ] as const
  ).map(
    ([name, size]): Framed => [name, chunked, (inner) => `${size}\n${body}\r\n0\r\n\r\n${inner}`],
  ),
  ['the second request inside a chunk', chunked, (inner) => `${chunk(inner)}0\r\n\r\n`],
  [
    'the second request in a trailer',
    chunked,
    (inner) => `${chunk(body)}0\r\nx: ${withoutCr(inner)}\r\n\r\n`,
    bareCr,
  ],
  ['a bare CR in a header', `x: a\rcontent-length: 0\r\n${ofBody}`, afterBody, bareCr],
  ['a NUL in a header', `x: a\0b\r\n${ofBody}`, afterBody],
  ['a header without a colon', `nothing\r\n${ofBody}`, afterBody],
  ['a header without a name', `: x\r\n${ofBody}`, afterBody],
  ['two Hosts', `host: other\r\n${ofBody}`, afterBody],
]

export const malformedRequests: readonly Malformed[] = [
  ...framed.map(([name, lines, rest, tolerated]) => ({
    name,
    write: (inner: string, headers: string) => `${start}${headers}${lines}\r\n\r\n${rest(inner)}`,
    ...(tolerated !== undefined && { tolerated }),
  })),
  {
    name: 'the second request inside the body',
    write: (inner, headers) => `${start}${headers}content-length: ${inner.length}\r\n\r\n${inner}`,
  },
  {
    name: 'the second request in a header',
    tolerated: bareCr,
    write: (inner, headers) =>
      `${start}${headers}x: ${withoutCr(inner)}\r\n${ofBody}\r\n\r\n${body}`,
  },
  { name: 'HTTP/0.9', write: (inner) => `POST /sign\r\n\r\n${inner}` },
  ...(
    [
      ['HTTP/1.2 with a space too many', '/sign HTTP/1.1', '/sign  HTTP/1.2'],
      ['no Host', 'host: localhost:8081\r\n', ''],
    ] as const
  ).map(([name, right, wrong]) => ({
    name,
    write: (inner: string, headers: string) =>
      `${start.replace(right, wrong)}${headers}${ofBody}\r\n\r\n${body}${inner}`,
  })),
  {
    name: 'a bare LF at every end of line',
    tolerated: bareLf,
    write: (inner, headers) =>
      `${start}${headers}${ofBody}\r\n\r\n${body}${inner}`.replaceAll('\r\n', '\n'),
  },
]
