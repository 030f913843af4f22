// Fetches the source of one Go module. Go's checksum database and the given hash verify it.
import { tmpdir } from 'node:os'
import { z } from 'zod'
import { run } from '../../cli/exec.ts'

/** `sum` is the hash that go.sum has for the module. */
export type GoModule = { module: string; version: string; sum: string }

const download = z.object({ Dir: z.string(), Sum: z.string() })

/** Returns the folder with the source. */
export async function fetchGoModule({ module, version, sum }: GoModule): Promise<string> {
  const args = ['mod', 'download', '-json', `${module}@${version}`]
  // Outside of any module, so that Go needs no other modules.
  const env = { ...process.env, GOFLAGS: '', GOWORK: 'off' }
  const { Dir, Sum } = download.parse(JSON.parse(await run('go', args, { cwd: tmpdir(), env })))
  if (Sum === sum) return Dir
  throw new Error(`${module} ${version} has the hash ${Sum}, not ${sum}`)
}
