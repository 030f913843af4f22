// make dev: runs `make up` each time that the sources of a service change. There is no shorter way, because the API server
// admits only the signer image that was deployed.
import { tryRun } from '../cli/exec.ts'
import { readVariable } from '../cli/make-variables.ts'
import { elapsed, runMain, say, UserError } from '../cli/terminal.ts'
import { computeImageReferences, imageNames } from '../images/image-references.ts'
import { KUBECONFIG } from './paths.ts'
import { actOnChange } from './watch.ts'

await runMain(async () => {
  const service = readVariable('SERVICE')
  const watched = imageNames.filter((name) => service === undefined || service === name)
  if (watched.length === 0) {
    throw new UserError(`SERVICE=${service} does not exist`, `Use one of ${imageNames.join(', ')}.`)
  }
  if (readVariable('KUBECONFIG') !== KUBECONFIG) {
    throw new UserError(
      'make dev works only on the local cluster, and KUBECONFIG names another',
      'Unset KUBECONFIG. Or run make images PUSH=yes and make deploy after each change.',
    )
  }
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  await actOnChange(
    {
      // The tag of an image is a hash of its sources.
      read: async () => {
        const references = await computeImageReferences({})
        return references.flatMap(({ name, tag }) => (watched.includes(name) ? tag : [])).join(' ')
      },
      act: bringUp,
      complain: (error) => say(error instanceof Error ? error.message : String(error)),
    },
    stop,
  )

  async function bringUp(): Promise<void> {
    const start = performance.now()
    const onStderr = (text: string) => void process.stderr.write(text)
    const { code, stdout } = await tryRun('make', ['up'], { onStderr })
    process.stdout.write(stdout)
    const outcome = code === 0 ? 'deployed' : 'NOT deployed. Fix the error and save'
    say(`${outcome} (${elapsed(start)}). Watching ${watched.join(', ')}. Press Ctrl-C to stop.`)
  }
})
