// How receivers read a timestamp. The libraries sign the number that they read. A receiver without a library may sign the text.

/** What a receiver takes the text for, in seconds since 1970. */
const readers: readonly ((text: string) => number)[] = [
  Number,
  Number.parseFloat,
  (text) => Number.parseInt(text, 10),
  // Python, Ruby and others allow an underscore between digits.
  (text) => Number(text.trim().replace(/(?<=\d)_(?=\d)/g, '')),
]

/** The latest time that one of them reads. It is after `LAST` for none. -Infinity if the text is no time at all. */
export function readLatest(text: string): number {
  const times = readers.map((read) => Math.floor(read(text)))
  return Math.max(...times.filter((time) => time <= LAST), Number.NEGATIVE_INFINITY)
}

/** The end of the year 2099. */
export const LAST = Date.UTC(2100, 0, 1) / 1_000 - 1
