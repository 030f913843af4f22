// The calls of `make up CLUSTER=kind` to docker, kind and istioctl, in order, and its errors. Fake programs record their
// arguments, so the tests need no Docker engine.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { KIND_KUBECONFIG } from '../../../tools/local-cluster/paths.ts'
import { makePrograms } from '../../support/folder.ts'
import { PROCESS_TEST_MS } from '../../support/timeouts.ts'

vi.setConfig({ testTimeout: PROCESS_TEST_MS })

/** Runs `make kind` with only these scripts on its PATH. Returns their calls, one a line. */
async function runKind(
  scripts: Record<string, string>,
  variables: Record<string, string> = {},
  ...args: string[]
) {
  const shell = (await tryRun('sh', ['-c', 'command -v sh'])).stdout.trim()
  const recorders = Object.entries(scripts).map(([name, script]) => {
    return [name, `echo "${name} $* KUBECONFIG=\${KUBECONFIG-}" >> $LOG\n${script}`]
  })
  const programs = { ...Object.fromEntries(recorders), sh: `exec ${shell} "$@"` }
  const bin = await makePrograms(programs)
  const LOG = join(bin, 'log')
  await writeFile(LOG, '')
  const env = { HOME: bin, PATH: bin, LOG, ...variables }
  const { code, stderr } = await tryRun(
    process.execPath,
    [join(CHECKOUT, 'tools/local-cluster/kind.ts'), ...args],
    { env },
  )
  const calls = (await readFile(LOG, 'utf8')).split('\n').filter((line) => line !== '')
  return { code, stderr, calls }
}

const all = { docker: '', kind: '', istioctl: '', kubectl: '' }
const at = `KUBECONFIG=${KIND_KUBECONFIG}`
const image = (name: string) => `localhost/secure-signing/${name}:[0-9a-f]{12}`

test.each([
  ['creates the cluster', '', `create cluster --wait 180s`],
  ['keeps an existing cluster', 'echo secure-signing', 'export kubeconfig'],
])('%s, then installs Istio, builds and loads the images', async (_, kind, clusterArgs) => {
  const { code, stderr, calls } = await runKind({ ...all, kind })
  expect(stderr).toContain('The cluster is up')
  expect(code).toBe(0)
  const wanted = [
    'docker info .*',
    `kind get clusters ${at}`,
    `kind ${clusterArgs} --name secure-signing --kubeconfig ${KIND_KUBECONFIG} ${at}`,
    `istioctl install --skip-confirmation --filename ${CHECKOUT}/tools/local-cluster/kind-istio.yaml ${at}`,
    `docker build .*--tag ${image('frontend')} .*`,
    `docker build .*--tag ${image('signer')} .*`,
    `kind load docker-image ${image('frontend')} ${image('signer')} --name secure-signing ${at}`,
  ]
  expect(calls).toHaveLength(wanted.length)
  for (const [index, line] of calls.entries())
    expect(line).toMatch(new RegExp(`^${wanted[index]}$`))
})

test.each([
  ['docker', 'Docker does not work: docker is not installed', 'start its engine'],
  ['kind', 'kind is not on the PATH', 'https://kind.sigs.k8s.io'],
  ['istioctl', 'istioctl is not on the PATH', 'https://istio.io'],
  ['kubectl', 'kubectl is not on the PATH', 'https://kubernetes.io'],
])('without %s, reports it and creates nothing', async (name, what, todo) => {
  const scripts: Record<string, string> = { ...all }
  delete scripts[name]
  const { code, stderr, calls } = await runKind(scripts)
  expect(code).toBe(1)
  expect(stderr).toContain(what)
  expect(stderr).toContain(todo)
  expect(calls.filter((line) => !line.startsWith('docker info'))).toEqual([])
})

test.each([
  ['without its engine', 'echo "daemon is away" >&2', 'daemon is away', 'start its engine'],
  ['of another user', 'echo "ERROR: permission denied" >&2', 'permission denied', 'group docker'],
  ['without an answer', '', '`docker info` has no answer', 'start its engine'],
])('reports a docker %s', async (_, says, why, todo) => {
  const { code, stderr } = await runKind({ ...all, docker: `${says}\nexit 1` })
  expect(code).toBe(1)
  expect(stderr).toContain(`Docker does not work: ${why}`)
  expect(stderr).toContain(todo)
})

test('fails with kind’s error if it cannot create the cluster', async () => {
  const failing = 'if [ "$1" = create ]; then echo "no space" >&2; exit 1; fi'
  const { code, stderr, calls } = await runKind({ ...all, kind: failing })
  expect(code).toBe(1)
  expect(stderr).toContain('no space')
  expect(calls.at(-1)).toContain('kind create')
})

test('for an overlay without a mesh, it needs no istioctl and installs no Istio', async () => {
  const { istioctl: _, ...others } = all
  const { code, stderr, calls } = await runKind(others, { OVERLAY: 'no-mesh' })
  expect({ code, stderr }).toMatchObject({ code: 0 })
  expect(calls.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'docker info',
    'kind get',
    'kind create',
    'docker build',
    'docker build',
    'kind load',
  ])
})

test.each(['ISTIO', 'AMBIENT'])('refuses %s for an overlay without a mesh', async (name) => {
  const { code, stderr, calls } = await runKind(all, { OVERLAY: 'no-mesh', [name]: 'yes' })
  expect({ code, calls }).toEqual({ code: 1, calls: [] })
  expect(stderr).toContain(`${name} is set, but a cluster for OVERLAY=no-mesh has no Istio`)
})

test('make cluster-delete CLUSTER=kind deletes that cluster', async () => {
  const { code, calls } = await runKind({ docker: '', kind: '' }, {}, 'delete')
  expect(code).toBe(0)
  expect(calls).toEqual([
    'docker info KUBECONFIG=',
    `kind delete cluster --name secure-signing --kubeconfig ${KIND_KUBECONFIG} KUBECONFIG=`,
  ])
})

test('without kind, it deletes nothing and says so', async () => {
  const { code, stderr } = await runKind({ docker: '' }, {}, 'delete')
  expect(code).toBe(1)
  expect(stderr).toContain('kind is not on the PATH')
})
