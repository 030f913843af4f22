// The overlay linkerd: what it leaves of the rules, who may take which way in, and that the kinds know every field.

import { readFile, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { readPod } from '../../../tools/analyze/model/pod.ts'
import { applyRules } from '../../../tools/analyze/rule.ts'
import { podRules } from '../../../tools/analyze/rules.ts'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { findPlaceholders } from '../../../tools/deploy/preflight/placeholders.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import {
  describeResource,
  formatResources,
  parseResources,
  type Resource,
} from '../../../tools/kube/resources.ts'
import type { Api } from '../../../tools/verify/admission/api-server/api.ts'
import { installCrds } from '../../../tools/verify/faults/support/crds.ts'
import { expectAccepted, expectFixedFields } from '../../support/api-server/accepted.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { installGatewayApi, linkerdCrds } from '../../support/api-server/gateway-crds.ts'
import { makeRenderFolder } from '../../support/folder.ts'
import { listUnlabelled } from '../../support/labels.ts'
import { NO_LINKERD_CRDS, needsLocalPrograms, skipUnless } from '../../support/skips.ts'

const folder = join(CHECKOUT, 'k8s')
const render = async (path: string) =>
  parseResources(await kubectl(['kustomize', `${folder}/${path}`]))
const resources = await render('overlays/linkerd')
const networkPolicies = await render('overlays/linkerd/network-policy')
const find = (name: string) => resources.find((each) => describeResource(each) === name)
const specOf = (name: string) => Object(find(name)?.spec)
const nameRef = ({ kind, name }: { kind: string; name: string }) => `${kind}/${name}`
const listKind = (kind: string) => resources.filter((each) => each.kind === kind)

describe('the Pod', () => {
  test('breaks no rule', () => {
    // `make deploy` sets the images.
    const kept = podRules.filter(({ name }) => name !== 'image-tag')
    expect(applyRules(kept, resources)).toEqual([])
  })

  test('the frontend can’t replace the socket, and has no token to lose', () => {
    const { spec } = readPod(resources)
    const [frontend, signer] = spec.containers
    const socket = frontend?.volumeMounts.find(({ name }) => name === 'signer-socket')
    expect(socket).toMatchObject({ mountPath: '/run/signer', readOnly: true })
    expect(spec.volumes.map(({ name }) => name)).toEqual([
      ...['signer-socket', 'pairing', 'hmac-key', 'signer-freeze'],
    ])
    expect(signer?.env).toContainEqual({ name: 'SIGNER_PEER', value: 'container' })
  })

  test('nothing of Istio is left, and Istio injects nothing', () => {
    expect(readPod(resources).metadata.labels).toMatchObject({ 'sidecar.istio.io/inject': 'false' })
    for (const resource of [...listKind('Namespace'), ...listKind('Deployment')]) {
      const text = JSON.stringify(resource).replace('"sidecar.istio.io/inject":"false"', '')
      expect(text).not.toContain('istio.io')
    }
    expect(resources.filter(({ apiVersion }) => apiVersion.includes('istio.io'))).toEqual([])
  })

  test('is injected, and refuses what no policy allows', () => {
    const wanted = {
      'linkerd.io/inject': 'enabled',
      'config.linkerd.io/default-inbound-policy': 'deny',
    }
    expect(find(`Namespace/${namespace}`)?.metadata.annotations).toMatchObject(wanted)
    expect(readPod(resources).metadata.annotations).toMatchObject(wanted)
  })

  test('is applied last', () => expect(resources.at(-1)?.kind).toBe('Deployment'))
})

describe('the ways in', () => {
  test('lead to the one port of the frontend', () => {
    const { podSelector, port, accessPolicy } = specOf('Server/frontend')
    expect(listKind('Server')).toHaveLength(1)
    expect(readPod(resources).metadata.labels).toMatchObject(podSelector.matchLabels)
    const [frontend, signer] = specOf('Deployment/secure-signing').template.spec.containers
    expect(frontend.ports).toEqual([{ name: port, containerPort: 8080 }])
    expect(signer.ports).toBeUndefined()
    expect(accessPolicy).toBe('deny')
  })

  test('are these, each for one caller', () => {
    const ways = listKind('AuthorizationPolicy').map(({ spec }) => {
      const { targetRef, requiredAuthenticationRefs } = Object(spec)
      const route = specOf(nameRef(targetRef))
      expect(route.parentRefs.map(nameRef)).toEqual(['Server/frontend'])
      const matches = route.rules.flatMap((rule: { matches: unknown }) => rule.matches)
      return {
        who: requiredAuthenticationRefs.map(nameRef),
        what: matches.map(({ method, path }: Record<string, { type: string; value: string }>) =>
          [method, path?.type, path?.value].join(' '),
        ),
      }
    })
    expect(ways).toEqual([
      { who: ['MeshTLSAuthentication/gateway'], what: ['POST Exact /process'] },
      {
        who: ['NetworkAuthentication/kubelet'],
        what: ['GET Exact /readyz', 'GET Exact /healthz'],
      },
    ])
    for (const name of ways.flatMap(({ who }) => who)) expect(find(name)).toBeDefined()
    expect(listKind('HTTPRoute')).toHaveLength(ways.length)
  })

  test('probes may ask what kubelet is told to ask', () => {
    const [frontend] = specOf('Deployment/secure-signing').template.spec.containers
    const asked = [frontend.readinessProbe, frontend.livenessProbe].map(({ httpGet }) => httpGet)
    expect(asked).toEqual([
      { path: '/readyz', port: 8080 },
      { path: '/healthz', port: 8080 },
    ])
  })

  test('are nobody’s until the gateway is filled in', () => {
    const [gateway] = specOf('MeshTLSAuthentication/gateway').identityRefs
    // No ServiceAccount can be called so (RFC 1123).
    expect([gateway.name, gateway.namespace]).toEqual([
      expect.stringMatching(/^FILL_IN_/),
      expect.stringMatching(/^FILL_IN_/),
    ])
  })
})

test('the network lets the gateway to the proxy, the proxy to its control plane, and DNS', () => {
  const opened = networkPolicies.map(({ metadata, spec }) => {
    const { ingress = [], egress = [] } = Object(spec)
    const ports = [...ingress, ...egress].flatMap((rule) => rule.ports)
    return [metadata.name, ports.map(({ port }: { port: number }) => port)]
  })
  expect(Object.fromEntries(opened)).toEqual({
    'signer-deny-all': [],
    'signer-allow-dns': [53, 53],
    'signer-allow-gateway-to-proxy': [4143],
    'signer-allow-proxy-to-control-plane': [8080, 8086, 8090],
    'signer-allow-scraping': [4191],
  })
})

/** The page's kustomization, with the images and the gateway filled in. */
async function renderPage(): Promise<string> {
  const page = await readFile(resolve(folder, '../docs/layouts.md'), 'utf8')
  const [, text = ''] = /```yaml\n(.*?)```/s.exec(page) ?? []
  const made = await makeRenderFolder()
  const checkout = relative(made, resolve(folder, '..'))
  await writeFile(join(made, 'kustomization.yaml'), text.replaceAll('../secure-signing', checkout))
  return kubectl(['kustomize', made])
}

test('the page’s kustomization leaves nothing to fill in, and the admission policy knows the image', async () => {
  const yaml = await renderPage()
  expect(findPlaceholders(parseResources(yaml))).toEqual([])
  expect(listUnlabelled(parseResources(yaml))).toEqual([])
  expect(yaml).toContain("'registry.example/team/signer:ba9876543210'")
  expect(yaml.match(/edge-system/g)).toHaveLength(2)
})

describe('on an API server', needsLocalPrograms, () => {
  const linkerdKinds = /^(Server|AuthorizationPolicy|MeshTLSAuthentication|NetworkAuthentication)$/
  const isLinkerd = ({ kind }: Resource) => linkerdKinds.test(kind)
  let api: Api
  beforeAll(async () => {
    api = (await useBareApiServer()).api
    await installGatewayApi()
    if (linkerdCrds !== undefined) await installCrds([linkerdCrds])
    await kubectl(['create', 'namespace', namespace])
  })

  const ours = resources.filter(({ kind }) => /^(Service|HTTPRoute|Deployment)$/.test(kind))
  const known = [...ours, ...networkPolicies]
  test.each(known.map((each) => [describeResource(each), each] as const))(
    '%s is accepted',
    (_, each) => expectAccepted(api, each),
  )

  test.each(listKind('HTTPRoute').map((each) => [describeResource(each), each] as const))(
    '%s: a misspelled field is refused',
    async (_, each) => expect(await expectFixedFields(api, each)).toBeGreaterThan(0),
  )

  const ofLinkerd = resources
    .filter(isLinkerd)
    .map((each) => [describeResource(each), each] as const)
  describe.each(ofLinkerd)('%s', skipUnless(linkerdCrds, NO_LINKERD_CRDS), (_, each) => {
    test('is accepted', () => expectAccepted(api, each))
    test('a misspelled field is refused', async () =>
      expect(await expectFixedFields(api, each)).toBeGreaterThan(0))
  })

  test('its own admission policies accept the frontend at the socket, and no other container', async () => {
    const page = parseResources(await renderPage())
    const policies = page.filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy'))
    await kubectl(['apply', '-f', '-'], { input: formatResources(policies) })
    const made = page.find(({ kind }) => kind === 'Deployment')
    if (made === undefined) throw new Error('no Deployment')
    const third = structuredClone(made)
    const { containers } = Object(third.spec).template.spec
    containers.push({ ...containers[0], name: 'third', image: 'registry.example/third:1' })
    const refusal = 'only signer and frontend may mount the volume signer-socket'
    const waiting = { timeout: 15_000, interval: 250 }
    await vi.waitFor(async () => {
      expect((await api.tryCreate(third)).said).toContain(refusal)
    }, waiting)
    await expectAccepted(api, made)
  })
})
