// Without a mesh, a port-forward leads to the port of the Service that leads to the application. The printed command does, too.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { chooseUrlToPrint } from '../../../tools/kube/gateway-url.ts'
import { withPodUrl, withServiceUrl } from '../../../tools/kube/service-url.ts'
import { cleanUp } from '../../support/clean-up.ts'
import { makePrograms } from '../../support/folder.ts'

type Port = { port: number; targetPort?: number | string }

/** Makes a kubectl with a Service that has these ports. Returns what was forwarded. */
async function serve(ports: readonly Port[]) {
  const service = JSON.stringify({ spec: { ports } })
  const path = await makePrograms({
    kubectl: `if [ "$1" = get ]; then echo '${service}'; exit; fi
echo "$*" >> "$(dirname "$0")/forwards"
echo "Forwarding from 127.0.0.1:12345 -> 8080"
exec sleep 60`,
  })
  vi.stubEnv('PATH', `${path}:${process.env.PATH}`)
  vi.stubEnv('KUBECONFIG', '/clusters/a')
  cleanUp(() => vi.unstubAllEnvs())
  return () => readFile(join(path, 'forwards'), 'utf8')
}

test.each<[string, Port[], number]>([
  ['the only one', [{ port: 80, targetPort: 'http' }], 80],
  ['the one that leads to the port of the Pod', [{ port: 90 }, { port: 80, targetPort: 8080 }], 80],
  [
    'the first, if none says so',
    [
      { port: 90, targetPort: 'a' },
      { port: 80, targetPort: 'b' },
    ],
    90,
  ],
])('of several ports it takes %s', async (_, ports, wanted) => {
  const readForwards = await serve(ports)
  const found = await withServiceUrl(async (each) => each)
  expect(found.url).toBe('http://127.0.0.1:12345')
  expect(chooseUrlToPrint(found).url).toBe('http://127.0.0.1:8080')
  const target = 'port-forward --address 127.0.0.1 -n signing service/frontend'
  expect(await readForwards()).toBe(`${target} :${wanted}\n`)
  const command = `kubectl port-forward -n signing service/frontend 8080:${wanted}`
  expect(found.prerequisite).toBe(`KUBECONFIG=/clusters/a ${command}`)
  vi.stubEnv('KUBECONFIG', '')
  expect((await withServiceUrl(async (each) => each)).prerequisite).toBe(command)
})

test('to a Pod, it takes the port of the application', async () => {
  const readForwards = await serve([])
  expect(await withPodUrl('pod-1', async ({ url }) => url)).toBe('http://127.0.0.1:12345')
  expect(await readForwards()).toContain('-n signing pod/pod-1 :8080')
})
