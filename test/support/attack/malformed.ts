// Requests that two servers might read differently (RFC 9112 section 11.2). Each hides a second request.
/** `write`: `inner` is the hidden request, `headers` complete the outer one. `tolerated`: why a proxy may read it. */
type Malformed = {
  name: string
  write: (inner: string, headers: string) => string
  tolerated?: string
}

const start = 'POST /sign HTTP/1.1\r\nhost: localhost:8081\r\ncontent-type: application/json\r\n'
const body = '{"message":"attack"}'
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

/** An outer request with `lines` for its length, the end of the headers, and `rest`. */
const framed =
  (lines: string, rest: (inner: string) => string) => (inner: string, headers: string) =>
    `${start}${headers}${lines}\r\n\r\n${rest(inner)}`

export const malformedRequests: readonly Malformed[] = [
  {
    name: 'Content-Length and Transfer-Encoding',
    write: framed(
      'content-length: 4\r\ntransfer-encoding: chunked',
      (inner) => `0\r\n\r\n${inner}`,
    ),
  },
  {
    name: 'Transfer-Encoding and Content-Length',
    write: framed(
      'transfer-encoding: chunked\r\ncontent-length: 4',
      (inner) => `0\r\n\r\n${inner}`,
    ),
  },
  {
    name: 'two Content-Lengths',
    write: framed('content-length: 0\r\ncontent-length: 20', (inner) => `${body}${inner}`),
  },
  {
    name: 'two Content-Lengths in one line',
    write: framed('content-length: 0, 20', (inner) => `${body}${inner}`),
  },
  ...['-1', '+20', '0x14', '2e1', '20 20', '99999999999999999999', ''].map((length) => ({
    name: `Content-Length: "${length}"`,
    write: framed(`content-length: ${length}`, (inner) => `${body}${inner}`),
  })),
  ...['xchunked', 'identity, chunked', 'chunked, identity', 'chunked, chunked', '"chunked"'].map(
    (coding) => ({
      name: `Transfer-Encoding: ${coding}`,
      write: framed(`transfer-encoding: ${coding}`, (inner) => `0\r\n\r\n${inner}`),
    }),
  ),
  {
    name: 'a space before the colon of Transfer-Encoding',
    write: framed('transfer-encoding : chunked', (inner) => `0\r\n\r\n${inner}`),
  },
  {
    name: 'Transfer-Encoding twice',
    write: framed('transfer-encoding: chunked\r\ntransfer-encoding: identity', (inner) => {
      return `0\r\n\r\n${inner}`
    }),
  },
  {
    name: 'Transfer-Encoding on a folded line',
    write: framed('x: y\r\n transfer-encoding: chunked', (inner) => `0\r\n\r\n${inner}`),
  },
  {
    name: 'a chunk size that overflows',
    write: framed('transfer-encoding: chunked', (inner) => {
      return `10000000000000014\r\n${body}\r\n0\r\n\r\n${inner}`
    }),
  },
  {
    name: 'a chunk size with a sign',
    write: framed('transfer-encoding: chunked', (inner) => `-14\r\n${body}\r\n0\r\n\r\n${inner}`),
  },
  {
    name: 'a chunk that is longer than it says',
    write: framed('transfer-encoding: chunked', (inner) => `2\r\n${body}\r\n0\r\n\r\n${inner}`),
  },
  {
    name: 'a bare LF after the chunk size',
    write: framed('transfer-encoding: chunked', (inner) => `14;\n${body}\r\n0\r\n\r\n${inner}`),
  },
  {
    name: 'the second request inside the body',
    write: (inner, headers) => `${start}${headers}content-length: ${inner.length}\r\n\r\n${inner}`,
  },
  {
    name: 'the second request inside a chunk',
    write: framed('transfer-encoding: chunked', (inner) => `${chunk(inner)}0\r\n\r\n`),
  },
  {
    name: 'the second request in a trailer',
    tolerated: 'a bare CR ends no line, RFC 9112 section 2.2',
    write: framed('transfer-encoding: chunked', (inner) => {
      return `${chunk(body)}0\r\nx: ${inner.replaceAll('\r\n', '\r ')}\r\n\r\n`
    }),
  },
  {
    name: 'the second request in a header',
    tolerated: 'a bare CR ends no line, RFC 9112 section 2.2',
    write: (inner, headers) =>
      `${start}${headers}x: ${inner.replaceAll('\r\n', '\r ')}\r\ncontent-length: 20\r\n\r\n${body}`,
  },
  {
    name: 'a bare CR in a header',
    tolerated: 'a bare CR ends no line, RFC 9112 section 2.2',
    write: framed('x: a\rcontent-length: 0\r\ncontent-length: 20', (inner) => `${body}${inner}`),
  },
  {
    name: 'a NUL in a header',
    write: framed('x: a\0b\r\ncontent-length: 20', (inner) => `${body}${inner}`),
  },
  {
    name: 'a header without a colon',
    write: framed('nothing\r\ncontent-length: 20', (inner) => `${body}${inner}`),
  },
  {
    name: 'a header without a name',
    write: framed(': x\r\ncontent-length: 20', (inner) => `${body}${inner}`),
  },
  {
    name: 'HTTP/0.9',
    write: (inner) => `POST /sign\r\n\r\n${inner}`,
  },
  {
    name: 'HTTP/1.2 with a space too many',
    write: (inner, headers) =>
      `${start.replace('/sign HTTP/1.1', '/sign  HTTP/1.2')}${headers}content-length: 20\r\n\r\n${body}${inner}`,
  },
  {
    name: 'no Host',
    write: (inner, headers) =>
      `${start.replace('host: localhost:8081\r\n', '')}${headers}content-length: 20\r\n\r\n${body}${inner}`,
  },
  {
    name: 'two Hosts',
    write: framed('host: other\r\ncontent-length: 20', (inner) => `${body}${inner}`),
  },
  {
    name: 'a bare LF at every end of line',
    tolerated: 'a bare LF may end a line, RFC 9112 section 2.2',
    write: (inner, headers) =>
      `${start}${headers}content-length: 20\r\n\r\n${body}${inner}`.replaceAll('\r\n', '\n'),
  },
]
