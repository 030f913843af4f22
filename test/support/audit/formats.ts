// The forms in which the lines of a signer reach a file.

const time = '2026-11-29T16:00:00.123456789Z'
const place = {
  kubernetes: { pod_name: 'secure-signing-1', namespace_name: 'signing' },
  stream: 'stdout',
}
const other = [
  '{"time":"2026-11-29T16:00:00.000Z","level":"info","event":"listening"}',
  'a warning of Node',
]

/** `isShipped`: a log shipper or a query wrote it, so it may begin with the newest line. */
export type Format = {
  name: string
  isShipped: boolean
  write: (lines: readonly string[]) => string
}

const join = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')
const each = (write: (line: string) => string) => (lines: readonly string[]) =>
  join(lines.map(write))
const json = (write: (line: string) => object) => each((line) => JSON.stringify(write(line)))

/** The runtime splits long lines. */
function writeCri(line: string): string {
  const parts = line.match(/.{1,300}/gsu) ?? []
  const last = parts.length - 1
  return parts
    .map((part, index) => `${time} stdout ${index === last ? 'F' : 'P'} ${part}`)
    .join('\n')
}

function writeDocker(line: string): string {
  const parts = `${line}\n`.match(/.{1,300}/gs) ?? []
  return parts.map((log) => JSON.stringify({ log, stream: 'stdout', time })).join('\n')
}

function reorder(line: string): object {
  const fields = Object.entries(JSON.parse(line))
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)))
}

export const formats: readonly Format[] = [
  { name: 'kubectl logs', isShipped: false, write: (lines) => join([...other, ...lines]) },
  { name: 'kubectl logs --timestamps', isShipped: false, write: each((line) => `${time} ${line}`) },
  {
    name: 'kubectl logs --prefix --timestamps --all-containers',
    isShipped: false,
    write: (lines) =>
      join([
        ...other.map((line) => `[pod/a-1/frontend] ${time} ${line}`),
        ...lines.map((line) => `[pod/a-1/signer] ${time} ${line}`),
      ]),
  },
  { name: "kubelet's files", isShipped: false, write: each(writeCri) },
  { name: "Docker's json-file", isShipped: false, write: each(writeDocker) },
  { name: 'Fluent Bit', isShipped: true, write: json((log) => ({ date: 1.5, ...place, log })) },
  {
    name: 'Fluent Bit with Merge_Log and Keep_Log',
    isShipped: true,
    write: json((log) => ({ date: 1.5, log, ...place, log_processed: JSON.parse(log) })),
  },
  { name: 'Vector', isShipped: true, write: json((message) => ({ file: 'a', message, ...place })) },
  {
    name: 'logcli jsonl, newest first',
    isShipped: true,
    write: (lines) =>
      json((line) => ({ labels: { app: 'signer' }, line, timestamp: time }))(lines.toReversed()),
  },
  {
    name: 'parsed, with other fields',
    isShipped: true,
    write: json((line) => ({ ...place, ...reorder(line) })),
  },
  {
    name: 'parsed, below _source',
    isShipped: true,
    write: json((line) => ({ _index: 'logs', _source: { ...reorder(line), ...place } })),
  },
  {
    name: 'an array',
    isShipped: true,
    write: (lines) => JSON.stringify(lines.map((line) => ({ ...place, ...reorder(line) }))),
  },
  {
    name: 'an array over several lines',
    isShipped: true,
    write: (lines) =>
      JSON.stringify(
        lines.map((line) => ({ ...place, message: line })),
        null,
        2,
      ),
  },
  {
    name: 'an answer of Elasticsearch',
    isShipped: true,
    write: (lines) =>
      JSON.stringify({
        took: 1,
        hits: { hits: lines.map((message) => ({ _source: { message } })) },
      }),
  },
]
