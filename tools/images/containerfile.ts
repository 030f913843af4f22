// The entrypoint of an image, for tests that run it or look at its flags.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'

/** What stands behind each `instruction` in the room's Containerfile. */
export function readInstructions(room: string, instruction: string): string[] {
  return readFileSync(resolve(CHECKOUT, room, 'Containerfile'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${instruction} `))
    .map((line) => line.slice(instruction.length + 1))
}

/** The words of ENTRYPOINT. */
export function readEntrypoint(room: string): string[] {
  return JSON.parse(readInstructions(room, 'ENTRYPOINT')[0] ?? '[]')
}

/** The variables that the image sets. */
export function readEnvironment(room: string): Record<string, string> {
  const words = readInstructions(room, 'ENV').flatMap((line) => line.split(' '))
  return Object.fromEntries(words.map((word) => word.split('=')))
}

/** The image's flags for Node, with its folders exchanged for ones of this machine. */
export function readFlags(room: string, folders: Record<string, string>): string[] {
  return readEntrypoint(room)
    .slice(1, -1)
    .map((flag) => {
      const [name, folder] = flag.split(/=(?=\/)/)
      return folder === undefined ? flag : `${name}=${folders[folder] ?? folder}`
    })
}
