// The entrypoint of an image, for tests that run it or look at its flags.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../..')

/** The words of ENTRYPOINT in the room's Containerfile. */
export function readEntrypoint(room: string): string[] {
  const text = readFileSync(resolve(root, room, 'Containerfile'), 'utf8')
  return JSON.parse(/^ENTRYPOINT (.*)$/m.exec(text)?.[1] ?? '[]')
}

/** The image's flags for Node, with its folders exchanged for ones of this machine; `/app` becomes the checkout. */
export function readFlags(room: string, folders: Record<string, string>): string[] {
  const replaced: Record<string, string> = { '/app': root, ...folders }
  return readEntrypoint(room)
    .slice(1, -1)
    .map((flag) => {
      const [name, folder] = flag.split(/=(?=\/)/)
      return folder === undefined ? flag : `${name}=${replaced[folder] ?? folder}`
    })
}
