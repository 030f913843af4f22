// The component vault has every value where it belongs, and VAULT_* is checked.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { takesKeyFromSecret } from '../../../tools/deploy/keys/key-source.ts'
import { listNeededRights } from '../../../tools/deploy/preflight/rights.ts'
import { readVaultValues } from '../../../tools/deploy/render/vault-values.ts'
import { PKI } from '../../../tools/local-cluster/paths.ts'
import { renderSample, sampleVaultValues as values } from '../../support/api-server/sample.ts'
import { makeFolder } from '../../support/folder.ts'
import { applyChange } from '../../support/mistakes/mistakes.ts'

const configuration = z.record(z.string(), z.string())
const policy = z.object({
  variables: z.array(z.object({ name: z.string(), expression: z.string() })),
})

const { resources, find, spec: specOf } = await renderSample(['vault'])

describe('rendered', () => {
  const readConfiguration = () => configuration.parse(find('ConfigMap/vault-agent')?.data)
  const readVariable = (name: string, variable: string) =>
    policy
      .parse(specOf(`ValidatingAdmissionPolicy/secure-signing-${name}`))
      .variables.find((each) => each.name === variable)?.expression

  test('nothing is left to be filled in', () => {
    const { 'ca.crt': authority, ...texts } = readConfiguration()
    expect(authority).toBe(values.ca)
    for (const text of [...Object.values(texts), JSON.stringify(specOf('ServiceEntry/vault'))]) {
      expect(text).not.toMatch(/filled in|example:8200|secure-signing|hmac-key"/)
    }
  })

  test.each([
    [/^ {2}address {3}= "https:\/\/keys\.example:8443"$/m],
    [/^ {2}namespace = "team"$/m],
    [/^ {4}namespace {3}= "team"$/m],
    [/^ {4}mount_path {2}= "auth\/cluster-7"$/m],
    [/^ {6}role {7}= "signer-of-7"$/m],
    [/^ {6}token_path = "\/run\/vault\/token"$/m],
  ])('the agent is told %s', (line) => expect(readConfiguration()['agent.hcl']).toMatch(line))

  test('the template reads the secret that it is told', () => {
    const template = readConfiguration()['keys.json.ctmpl']
    expect(template).toContain(`$metadata := "${values.metadataPath}"`)
    expect(template).toContain(`$data := "${values.dataPath}"`)
  })

  test('the proxy leads to Vault, and to nothing else outside', () => {
    expect(specOf('Sidecar/secure-signing').egress.at(-1).hosts).toEqual([`./${values.host}`])
    expect(specOf('ServiceEntry/vault')).toMatchObject({
      hosts: [values.host],
      ports: [{ number: 8443, protocol: 'TLS' }],
      exportTo: ['.'],
    })
  })

  test('the policies hold the agent to its image and its configuration', () => {
    const [name, texts] = ['vault-agent-config-as-released', readConfiguration()]
    expect(readVariable('vault-agent-runs-as-released', 'releasedImage')).toBe(`'${values.image}'`)
    expect(readVariable(name, 'releasedAgent')).toBe(`r'''${texts['agent.hcl']}'''`)
    expect(readVariable(name, 'releasedTemplate')).toBe(`r'''${texts['keys.json.ctmpl']}'''`)
    expect(readVariable(name, 'releasedAuthority')).toBe(`r'''${values.ca}'''`)
  })

  test('another configuration is another Pod', () => {
    const { annotations } = specOf('Deployment/secure-signing').template.metadata
    expect(annotations['secure-signing.dev/vault-agent']).toBe(readConfiguration()['agent.hcl'])
  })

  test('there is no Secret to make, and no right is asked for to make one', () => {
    expect(takesKeyFromSecret(resources)).toBe(false)
    const asked = listNeededRights(resources, false).map(({ resource }) => resource)
    expect(asked).not.toContain('secrets')
    const secret = { name: 'hmac-key', secret: { secretName: 'hmac-key' } }
    const change = ['Deployment/secure-signing', 'spec.template.spec.volumes.2', secret] as const
    expect(takesKeyFromSecret(applyChange(resources, change))).toBe(true)
  })
})

describe('VAULT_*', () => {
  const good = { VAULT_ADDR: 'https://vault.example', VAULT_CACERT: join(PKI, 'ca.crt') }

  test('has defaults for all but address and authority', async () => {
    expect(await readVaultValues(good)).toMatchObject({
      ...{ address: 'https://vault.example:443', host: 'vault.example', port: '443' },
      ...{ namespace: '', authPath: 'auth/kubernetes', role: 'secure-signing' },
      ...{ metadataPath: 'kv/metadata/signing/hmac-key', dataPath: 'kv/data/signing/hmac-key' },
    })
  })

  test.each([
    ['no address', { VAULT_ADDR: '' }],
    ['plain text', { VAULT_ADDR: 'http://vault.example:8200' }],
    ['an IP address', { VAULT_ADDR: 'https://192.0.2.1:8200' }],
    ['a path', { VAULT_ADDR: 'https://vault.example/v1' }],
    ['no authority', { VAULT_CACERT: '' }],
    ['a certificate that is no authority', { VAULT_CACERT: join(PKI, 'admin.crt') }],
    ['a role that ends the text', { VAULT_ROLE: 'x" }' }],
    ['a path that a template would take', { VAULT_SECRET_PATH: '{{ env }}' }],
    ['a mount with a slash at its end', { VAULT_KV: 'kv/' }],
    ["a quote of CEL's", { VAULT_IMAGE: "x'" }],
  ])('refuses %s', async (_, wrong) => {
    const [name] = Object.keys(wrong)
    await expect(readVaultValues({ ...good, ...wrong })).rejects.toThrow(name)
  })

  test('takes certificates from a file, and nothing else that is in it', async () => {
    const file = join(await makeFolder(), 'bundle.pem')
    const certificate = (await readVaultValues(good)).ca
    const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'
    await writeFile(file, `${key}\n${certificate}\n`)
    expect((await readVaultValues({ ...good, VAULT_CACERT: file })).ca).toBe(certificate)
  })
})
