// What `make test-istio` runs, in order, and its errors. Programs in place of make and kubectl record their arguments.
import { readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { KUBECONFIG } from '../../../tools/local-cluster/paths.ts'
import { makePrograms } from '../../support/folder.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

const kubectl = `
case "$*" in
  'get deployment istiod'*) printf localhost/istio/pilot:1.30-9739e10eb9d7 ;;
  'version'*) echo '{"serverVersion": {"gitVersion": "v1.35.4"}}' ;;
  'get pods'*) printf %s "$PROXIES" ;;
esac`

/** Runs it with these variables. Returns the calls of make, and those of kubectl that change something. */
async function runTestIstio(variables: Record<string, string>) {
  const record = (name: string) => `echo "${name} $*" >> $LOG\n`
  const bin = await makePrograms({
    make: `${record('make')}[ "$1" != "$FAILING" ]`,
    kubectl: record('kubectl') + kubectl,
  })
  const LOG = join(bin, 'log')
  await writeFile(LOG, '')
  const PATH = [bin, process.env.PATH].join(delimiter)
  const { code, stdout, stderr } = await tryRun(
    process.execPath,
    [join(CHECKOUT, 'tools/local-cluster/test-istio.ts')],
    { env: { PATH, LOG, KUBECONFIG, FAILING: '', PROXIES: '', ...variables } },
  )
  const calls = (await readFile(LOG, 'utf8')).trim().split('\n')
  const changes = calls.filter((call) => !/^kubectl (get|version)/.test(call))
  return { code, stdout, stderr, changes }
}

const fresh = ['make cluster', 'make undeploy', 'make deploy']
const label = 'kubectl label namespace signing'
const labelled = `${label} --overwrite istio.io/dataplane-mode=ambient istio.io/use-waypoint=waypoint`
const unlabelled = `${label} istio.io/dataplane-mode- istio.io/use-waypoint-`

test('deploys to another Istio, and says what ran', async () => {
  const { code, stdout, changes } = await runTestIstio({
    ISTIO: 'v0.0.0-1',
    PROXIES: 'istio-proxy',
  })
  expect(code).toBe(0)
  expect(changes).toEqual([...fresh, 'make smoke', 'make matrix'])
  expect(stdout).toBe(
    'deploy, smoke and matrix pass with Istio 1.30-9739e10eb9d7, Kubernetes v1.35.4, proxies as native sidecars\n',
  )
})

test('in ambient mode, deploys again to the labelled namespace', async () => {
  const { code, stdout, changes } = await runTestIstio({ AMBIENT: 'yes' })
  expect(code).toBe(0)
  const checks = ['make deploy', 'make smoke', 'make matrix']
  expect(changes).toEqual([...fresh, labelled, ...checks, unlabelled])
  expect(stdout).toContain('proxies as ordinary containers, ambient mode with istio.io/dataplane')
})

test('removes the labels, and fails, if a check fails', async () => {
  const { code, stderr, changes } = await runTestIstio({ AMBIENT: 'yes', FAILING: 'smoke' })
  expect(code).toBe(1)
  expect(stderr).toContain('make smoke failed')
  expect(changes).toEqual([...fresh, labelled, 'make deploy', 'make smoke', unlabelled])
})

test.each([
  ['without a version', {}, 'test-istio needs a version of Istio'],
  ['on another cluster', { ISTIO: 'v0.0.0-1', KUBECONFIG: '/other' }, 'the local cluster only'],
])('changes nothing %s', async (_, variables, message) => {
  const { code, stderr, changes } = await runTestIstio(variables)
  expect(code).toBe(1)
  expect(stderr).toContain(message)
  expect(changes).toEqual([''])
})
