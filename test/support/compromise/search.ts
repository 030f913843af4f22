// Searches a container's files and processes for secrets. This file is sent into the container.
import { closeSync, constants, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'

type Find = { needle: string; where: string }
export type Search = { finds: Find[]; files: number; bytes: number }

const CHUNK_BYTES = 1 << 20
/** They contain nothing of other containers, and reading some files has effects. */
const passedOver = new Set(['/proc', '/sys'])

/** Searches files, and environment, arguments, memory and root of each other process, for `needles`: name → base64. */
export function searchEverything(needles: Record<string, string>): Search {
  const wanted = Object.entries(needles).map(([name, text]) => ({
    name,
    bytes: Buffer.from(text, 'base64'),
  }))
  const overlap = Math.max(...wanted.map(({ bytes }) => bytes.length))
  const search: Search = { finds: [], files: 0, bytes: 0 }

  function look(where: string, chunk: Buffer): void {
    search.bytes += chunk.length
    for (const { name, bytes } of wanted) {
      if (chunk.includes(bytes)) search.finds.push({ needle: name, where })
    }
  }

  /** Reads from `from` to `to`, and skips what it cannot read. */
  function readThrough(file: string, from = 0, to = Number.MAX_SAFE_INTEGER): void {
    let descriptor: number
    try {
      descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
    } catch {
      return
    }
    search.files += 1
    const buffer = Buffer.alloc(CHUNK_BYTES + overlap)
    try {
      let kept = 0
      for (let at = from; at < to; ) {
        const size = Math.min(CHUNK_BYTES, to - at)
        // Only memory needs positions, because its offsets are addresses.
        const position = to === Number.MAX_SAFE_INTEGER ? null : at
        const count = readSync(descriptor, buffer, kept, size, position)
        if (count === 0) break
        look(file, buffer.subarray(0, kept + count))
        const end = kept + count
        kept = Math.min(overlap, end)
        buffer.copyWithin(0, end - kept, end)
        at += count
      }
    } catch {
      // An unmapped page, or a file of the kernel that cannot be read.
    } finally {
      closeSync(descriptor)
    }
  }

  function walk(folder: string): void {
    let entries: { name: string; isDirectory(): boolean; isFile(): boolean }[]
    try {
      entries = readdirSync(folder, { withFileTypes: true })
    } catch {
      return
    }
    for (const entry of entries) {
      const path = join(folder, entry.name)
      if (passedOver.has(path)) continue
      if (entry.isDirectory()) walk(path)
      // No devices, because some never end.
      else if (entry.isFile()) readThrough(path)
    }
  }

  function readMemory(pid: string): void {
    let maps: string
    try {
      maps = readFileSync(`/proc/${pid}/maps`, 'latin1')
    } catch {
      return
    }
    for (const [, from = '', to = ''] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) r/gm)) {
      readThrough(`/proc/${pid}/mem`, Number.parseInt(from, 16), Number.parseInt(to, 16))
    }
  }

  for (const name of Object.keys(process.env))
    look(`environment ${name}`, Buffer.from(process.env[name] ?? ''))
  walk('/')
  const self = String(process.pid)
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== self)
  for (const pid of processes) {
    for (const file of ['environ', 'cmdline']) readThrough(`/proc/${pid}/${file}`)
    readMemory(pid)
    if (pid !== '1') walk(`/proc/${pid}/root`)
  }
  return search
}

export function listProcesses(): Record<string, string> {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return Object.fromEntries(
    ids.map((id) => [id, readFileSync(`/proc/${id}/cmdline`, 'latin1').replaceAll('\0', ' ')]),
  )
}
