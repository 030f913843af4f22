// The component vault has every value where it belongs, and VAULT_* is checked.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { mountsKeySecret } from '../../../tools/deploy/keys/key-source.ts'
import { listRequiredPermissions } from '../../../tools/deploy/preflight/permissions.ts'
import { readVaultValues } from '../../../tools/deploy/render/vault-values.ts'
import { PKI } from '../../../tools/local-cluster/paths.ts'
import { renderSample } from '../../support/api-server/sample.ts'
import { sampleVaultValues as values } from '../../support/api-server/sample-values.ts'
import { makeFolder } from '../../support/folder.ts'
import { applyChange } from '../../support/mistakes/mistakes.ts'

const configuration = z.record(z.string(), z.string())
const policy = z.object({
  variables: z.array(z.object({ name: z.string(), expression: z.string() })),
})

const { resources, find, spec: specOf } = await renderSample(['vault'])

describe('the rendered component', () => {
  const readConfiguration = () => configuration.parse(find('ConfigMap/vault-agent')?.data)
  const readVariable = (name: string, variable: string) =>
    policy
      .parse(specOf(`ValidatingAdmissionPolicy/secure-signing-${name}`))
      .variables.find((each) => each.name === variable)?.expression

  test('has no value left to fill in', () => {
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
  ])('configures the agent with %s', (line) =>
    expect(readConfiguration()['agent.hcl']).toMatch(line),
  )

  test('reads the secret at the path of the variables', () => {
    const template = readConfiguration()['keys.json.ctmpl']
    expect(template).toContain(`$metadata := "${values.metadataPath}"`)
    expect(template).toContain(`$data := "${values.dataPath}"`)
  })

  test('allows the proxy to connect to Vault, and to nothing else outside', () => {
    expect(specOf('Sidecar/signer').egress.at(-1).hosts).toEqual([`./${values.host}`])
    expect(specOf('ServiceEntry/vault')).toMatchObject({
      hosts: [values.host],
      ports: [{ number: 8443, protocol: 'TLS' }],
      exportTo: ['.'],
    })
  })

  test('allows only the released image and configuration of the agent', () => {
    const [name, texts] = ['vault-agent-config-as-released', readConfiguration()]
    expect(readVariable('vault-agent-runs-as-released', 'releasedImage')).toBe(`'${values.image}'`)
    expect(readVariable(name, 'releasedAgent')).toBe(`r'''${texts['agent.hcl']}'''`)
    expect(readVariable(name, 'releasedTemplate')).toBe(`r'''${texts['keys.json.ctmpl']}'''`)
    expect(readVariable(name, 'releasedAuthority')).toBe(`r'''${values.ca}'''`)
  })

  test('replaces the Pod if the configuration changes', () => {
    const { annotations } = specOf('Deployment/secure-signing').template.metadata
    expect(annotations['secure-signing.dev/vault-agent']).toBe(readConfiguration()['agent.hcl'])
  })

  test('needs no Secret, and no permission to create one', () => {
    expect(mountsKeySecret(resources)).toBe(false)
    const required = listRequiredPermissions(resources, false).map(({ resource }) => resource)
    expect(required).not.toContain('secrets')
    const secret = { name: 'hmac-key', secret: { secretName: 'hmac-key' } }
    const change = ['Deployment/secure-signing', 'spec.template.spec.volumes.2', secret] as const
    expect(mountsKeySecret(applyChange(resources, change))).toBe(true)
  })
})

describe('VAULT_*', () => {
  const good = { VAULT_ADDR: 'https://vault.example', VAULT_CACERT: join(PKI, 'ca.crt') }

  test('have defaults except for the address and the CA certificate', async () => {
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
    ['no CA certificate', { VAULT_CACERT: '' }],
    ['a certificate that is not of a CA', { VAULT_CACERT: join(PKI, 'admin.crt') }],
    ['a role with a quote', { VAULT_ROLE: 'x" }' }],
    ['a path with template syntax', { VAULT_SECRET_PATH: '{{ env }}' }],
    ['a mount with a slash at the end', { VAULT_KV: 'kv/' }],
    ['an image with a quote', { VAULT_IMAGE: "x'" }],
  ])('refuse %s', async (_, wrong) => {
    const [name] = Object.keys(wrong)
    await expect(readVaultValues({ ...good, ...wrong })).rejects.toThrow(name)
  })

  test('read only the certificates from a file', async () => {
    const file = join(await makeFolder(), 'bundle.pem')
    const certificate = (await readVaultValues(good)).ca
    const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'
    await writeFile(file, `${key}\n${certificate}\n`)
    expect((await readVaultValues({ ...good, VAULT_CACERT: file })).ca).toBe(certificate)
  })
})
