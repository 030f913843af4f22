// make dev: at each save of a service's sources, all that `make up` does: image, deployment, and one real request. The API server
// lets in no signer but the one that was deployed, so there is no shorter way. SERVICE: frontend or signer; both unless given.
import { tryRun } from '../cli/exec.ts'
import { elapsed, runMain, say, UserError } from '../cli/terminal.ts'
import { computeImageReferences, imageNames } from '../images/image-references.ts'
import { KUBECONFIG } from './paths.ts'
import { actOnChange } from './watch.ts'

await runMain(async () => {
  const { SERVICE: service = '', KUBECONFIG: kubeconfig } = process.env
  const watched = imageNames.filter((name) => service === '' || service === name)
  if (watched.length === 0) {
    throw new UserError(`SERVICE is ${service}`, `there are: ${imageNames.join(', ')}`)
  }
  if (kubeconfig !== KUBECONFIG) {
    throw new UserError(
      'make dev is for the local cluster, and KUBECONFIG names another',
      'unset KUBECONFIG; or make images PUSH=yes and make deploy, with IMAGE_PREFIX, at each change',
    )
  }
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  await actOnChange(
    {
      // An image's tag is made of all that goes into it.
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
    const outcome = code === 0 ? 'deployed' : 'NOT deployed, mend it and save'
    say(`${outcome} (${elapsed(start)}); watching ${watched.join(', ')}, Ctrl-C ends`)
  }
})
