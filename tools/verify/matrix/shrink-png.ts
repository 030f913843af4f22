// Makes a screenshot small enough for a repository: a palette instead of three bytes a pixel, packed as well as can be.
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE = 8
/** The surfaces and lines of a page, and enough steps for the edges of its letters. */
const COLOURS = 64

/** Of a PNG as Chromium writes it: 8 bits for red, green and blue, not interlaced. Throws on any other. */
export function shrinkPng(png: Buffer): Buffer {
  const chunks = readChunks(png)
  const header = Buffer.from(chunks.find(({ type }) => type === 'IHDR')?.data ?? [])
  if (header.readUIntBE(8, 5) !== 0x08_02_00_00_00) throw new Error('not a PNG of 3 × 8 bits')
  const packed = chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data)
  const lines = unfilter(inflateSync(Buffer.concat(packed)), header.readUInt32BE(0) * 3)
  const pixels = lines.map(readPixels)

  const palette = choosePalette(pixels)
  const colours = Buffer.alloc(palette.length * 3)
  for (const [index, colour] of palette.entries()) colours.writeUIntBE(colour, index * 3, 3)
  header.writeUInt8(3, 9)
  return Buffer.concat([
    png.subarray(0, SIGNATURE),
    writeChunk('IHDR', header),
    writeChunk('PLTE', colours),
    writeChunk('IDAT', deflateSync(indexPixels(pixels, palette), { level: 9 })),
    writeChunk('IEND', Buffer.alloc(0)),
  ])
}

/** PNG, third edition, clause 9: each byte was written as its difference from a guess by its neighbours. */
function unfilter(bytes: Uint8Array, size: number): Uint8Array[] {
  const lines: Uint8Array[] = []
  let above = new Uint8Array(size)
  for (let start = 0; start < bytes.length; start += size + 1) {
    const filter = bytes[start] ?? 0
    const line = bytes.slice(start + 1, start + 1 + size)
    for (let at = 0; at < size; at++) {
      const guess = guessByte(filter, line[at - 3] ?? 0, above[at] ?? 0, above[at - 3] ?? 0)
      line[at] = (line[at] ?? 0) + guess
    }
    lines.push(line)
    above = line
  }
  return lines
}

function guessByte(filter: number, left: number, up: number, upLeft: number): number {
  if (filter === 0) return 0
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  const toLeft = Math.abs(up - upLeft)
  const toUp = Math.abs(left - upLeft)
  const toUpLeft = Math.abs(left + up - upLeft - upLeft)
  if (toLeft <= toUp && toLeft <= toUpLeft) return left
  return toUp <= toUpLeft ? up : upLeft
}

function readPixels(line: Uint8Array): Uint32Array {
  return new Uint32Array(line.length / 3).map((_, pixel) => {
    const at = pixel * 3
    return ((line[at] ?? 0) << 16) | ((line[at + 1] ?? 0) << 8) | (line[at + 2] ?? 0)
  })
}

/** The most frequent colours, as they are. */
function choosePalette(lines: readonly Uint32Array[]): number[] {
  const counts = new Map<number, number>()
  for (const line of lines) {
    for (const colour of line) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const byCount = [...counts].sort(([, a], [, b]) => b - a)
  return byCount.slice(0, COLOURS).map(([colour]) => colour)
}

/** Each line after a 0, "not filtered"; a colour that is not in the palette becomes the nearest that is. */
function indexPixels(lines: readonly Uint32Array[], palette: readonly number[]): Buffer {
  const nearest = new Map<number, number>()
  const find = (colour: number) => {
    const distances = palette.map((each) => measureDistance(each, colour))
    const index = distances.indexOf(Math.min(...distances))
    nearest.set(colour, index)
    return index
  }
  return Buffer.concat(
    lines.map((line) => {
      const indices = Buffer.alloc(line.length + 1)
      for (const [pixel, colour] of line.entries()) {
        indices[pixel + 1] = nearest.get(colour) ?? find(colour)
      }
      return indices
    }),
  )
}

function measureDistance(a: number, b: number): number {
  const part = (shift: number) => ((a >> shift) & 255) - ((b >> shift) & 255)
  return part(16) ** 2 + part(8) ** 2 + part(0) ** 2
}

function readChunks(png: Buffer): { type: string; data: Buffer }[] {
  const chunks: { type: string; data: Buffer }[] = []
  for (let at = SIGNATURE; at < png.length; ) {
    const end = at + 8 + png.readUInt32BE(at)
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, end) })
    at = end + 4
  }
  return chunks
}

function writeChunk(type: string, data: Buffer): Buffer {
  const [size, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  const body = Buffer.concat([Buffer.from(type), data])
  size.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([size, body, check])
}
