// docs/configuration.md: the services' environment variables from their schemas, make's from the programs behind it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type * as z from 'zod/mini'
import { schema as frontendSchema } from '../../frontend/config.ts'
import { schema as signerSchema } from '../../signer/config.ts'
import { CHECKOUT } from '../cli/checkout.ts'
import { listComponents } from '../deploy/render/components.ts'
import { layouts } from '../kube/layouts.ts'
import { parseResources } from '../kube/resources.ts'
import { listMakeVariables } from './make-variables.ts'
import { asCode, formatTable } from './markdown.ts'
import { listRules, listSettings } from './settings.ts'

const read = (file: string) => readFile(join(CHECKOUT, file), 'utf8')

/** Each variable by itself would do; together they break every rule that there is. */
const clashes = {
  frontend: { SIGNER_URL: 'unix:/s:/s', CALLER_TOKEN_FILE: '/t', PAIRING_SECRET_FILE: 'none' },
  signer: {
    SIGNER_SOCKET: '/s',
    SIGNER_KEY_DIR: '/k',
    SIGNER_PAIRING_DIR: 'none',
    SIGNER_PEER: 'container',
  },
}

/** Returns the page. */
export async function formatConfigurationPage(): Promise<string> {
  const [deployment, makefile] = await Promise.all([
    read('k8s/base/deployment.yaml'),
    read('Makefile'),
  ])
  const containers = listContainers(deployment)
  const components = (await listComponents()).map(asCode).join(', ')
  const overlays = layouts.map(({ overlay }) => asCode(overlay)).join(', ')
  return `${[
    '# Configuration',
    'Made by `make docs` from the schemas and programs that read it.',
    '',
    '## The services',
    'Environment variables, read once at the start. Values are paths, times and numbers, and never a secret. What is wrong is in the',
    'log as `config_invalid`, each variable by its name, and the container exits with 78. *As deployed* is `k8s/base/deployment.yaml`;',
    'a dash means that it is not set. To change one, patch the Deployment in a kustomization of your own, with the value itself: for',
    'the signer the admission policy takes variables called `SIGNER_*` with their values in the manifest, and no others.',
    '',
    '### Frontend',
    formatSettings(frontendSchema, clashes.frontend, containers.get('frontend')),
    '',
    '### Signer',
    formatSettings(signerSchema, clashes.signer, containers.get('signer')),
    '',
    'Limits that are no settings: [signer.md](signer.md#limits).',
    '',
    '## make',
    'As `make deploy OVERLAY=separate-pods` has it, or from the environment.',
    '',
    formatTable(
      ['variable', 'of', 'meaning'],
      listMakeVariables(makefile).map(({ name, targets, meaning }) => [
        asCode(name),
        targets.map(asCode).join(', '),
        meaning,
      ]),
    ),
    '',
    `Overlays: ${overlays}. Components: ${components}; what each does is in [production.md](production.md).`,
    'With Vault, and what holds where nothing is given: [vault.md](vault.md).',
  ].join('\n')}\n`
}

function formatSettings(
  schema: z.ZodMiniObject,
  clash: Record<string, string>,
  deployed: ReadonlyMap<string, string> = new Map(),
): string {
  const rows = listSettings(schema).map(({ name, allowed, fallback, meaning }) => [
    asCode(name),
    meaning,
    allowed,
    fallback === undefined ? '**must be set**' : asOptional(fallback),
    asOptional(deployed.get(name) ?? '–'),
  ])
  const table = formatTable(['variable', 'meaning', 'value', 'if not set', 'as deployed'], rows)
  const rules = listRules(schema, clash).map(
    (rule) => `- ${rule.replace(/\b[A-Z_]{5,}\b/g, asCode)}`,
  )
  return [table, '', ...rules].join('\n')
}

function asOptional(value: string): string {
  return value === '–' ? value : asCode(value)
}

/** A container's name → its variables. */
function listContainers(yaml: string): Map<string, Map<string, string>> {
  const [deployment] = parseResources(yaml)
  const { containers } = Object(deployment?.spec).template.spec
  return new Map(
    containers.map(({ name, env }: { name: string; env: { name: string; value: string }[] }) => [
      name,
      new Map(env.map((each) => [each.name, each.value])),
    ]),
  )
}
