// CoreDNS is compiled without the plugins that nobody uses here.
import { expect, test } from 'vitest'
import { readText } from '../../../tools/cli/checkout.ts'

const folder = 'tools/local-cluster'

test('each plugin that the Corefile uses is compiled', async () => {
  const corefile = /\.:53 \{\n([^}]*)\}/.exec(await readText(`${folder}/coredns.yaml`))?.[1] ?? ''
  const source = await readText(`${folder}/programs/coredns/main.go`)
  const used = [...corefile.matchAll(/^ *(\w+)/gm)].map(([, name]) => name)
  const compiled = [...source.matchAll(/coredns\/plugin\/(\w+)"/g)].map(([, name]) => name)
  expect(used).toContain('kubernetes')
  expect(compiled).toEqual(expect.arrayContaining(used))
})
