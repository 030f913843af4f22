// Reads the Containerfiles, for tests and measurements that start a service as its image does.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'

/** Returns the arguments of each `instruction` in the Containerfile of a service. */
export function readInstructions(service: string, instruction: string): string[] {
  return readFileSync(resolve(CHECKOUT, service, 'Containerfile'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${instruction} `))
    .map((line) => line.slice(instruction.length + 1))
}

export function readEntrypoint(service: string): string[] {
  return JSON.parse(readInstructions(service, 'ENTRYPOINT')[0] ?? '[]')
}

/** Returns the variables that the image sets. */
export function readEnvironment(service: string): Record<string, string> {
  const words = readInstructions(service, 'ENV').flatMap((line) => line.split(' '))
  return Object.fromEntries(words.map((word) => word.split('=')))
}

/** Returns the image's flags for Node.js. `folders` maps folders of the image to folders of this machine. */
export function readFlags(service: string, folders: Record<string, string>): string[] {
  return readEntrypoint(service)
    .slice(1, -1)
    .map((flag) => {
      const [name, folder] = flag.split(/=(?=\/)/)
      return folder === undefined ? flag : `${name}=${folders[folder] ?? folder}`
    })
}
