// Generates docs/configuration.md from the schemas of the services and from the table of make's variables.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type * as z from 'zod/mini'
import { schema as frontendSchema } from '../../frontend/config.ts'
import { schema as signerSchema } from '../../signer/config.ts'
import { CHECKOUT } from '../cli/checkout.ts'
import { listVariables } from '../cli/make-variables.ts'
import { componentNames } from '../kube/application/component-names.ts'
import { layouts } from '../kube/layouts.ts'
import { parseResources } from '../kube/resources.ts'
import { asCode, formatTable } from './markdown.ts'
import { variableMeanings } from './meanings.ts'
import { listRules, listSettings } from './settings.ts'
import { formatSigningYaml } from './signing-yaml.ts'

/** Each value is valid by itself. Together they break every rule between variables. */
const clashes = {
  frontend: { SIGNER_URL: 'unix:/s:/s', CALLER_TOKEN_FILE: '/t', PAIRING_SECRET_FILE: 'none' },
  signer: {
    SIGNER_SOCKET: '/s',
    SIGNER_KEY_DIR: '/k',
    SIGNER_PAIRING_DIR: 'none',
    SIGNER_FREEZE_DIR: 'none',
    SIGNER_PEER: 'container',
  },
}

export async function formatConfigurationPage(): Promise<string> {
  const read = (path: string) => readFile(join(CHECKOUT, path), 'utf8')
  const frontend = listContainers(await read('k8s/frontend/deployment.yaml'))
  const signer = listContainers(await read('k8s/components/signer/deployment-patch.yaml'))
  const components = componentNames.map(asCode).join(', ')
  const overlays = layouts.map(({ overlay }) => asCode(overlay)).join(', ')
  return `${[
    '# Configuration',
    '`make docs` generates this page from the code.',
    '',
    '## Services',
    'The services read environment variables once, at the start. Values are paths, times and numbers, never secrets. If a value is',
    'wrong, the container logs `config_invalid` with the name of the variable and exits with 78.',
    '',
    'To change a value, patch the Deployment in your own kustomization. Set a plain `value`: the admission policy rejects any other',
    'source for a `SIGNER_*` variable. *Deployed* shows the value in the default layout. A dash means that it is not set.',
    '',
    '### Frontend',
    formatSettings(frontendSchema, clashes.frontend, frontend.get('frontend')),
    '',
    '### Signer',
    formatSettings(signerSchema, clashes.signer, signer.get('signer')),
    '',
    'Sizes and times that you cannot change: [security model](security-model.md#limits).',
    '',
    '## signing.yaml',
    '`make deploy CONFIG=signing.yaml` puts the signer beside your application. This file describes the application. Paths are',
    'relative to the file. Variables of make override it. Editors check it by [signing.schema.json](../signing.schema.json).',
    '',
    '```yaml',
    formatSigningYaml().trimEnd(),
    '```',
    '',
    '## make',
    'Set a variable on the command line, as in `make deploy OVERLAY=separate-pods`, or in the environment. `up`, `test` and `test-*`',
    'run `deploy` and take its variables.',
    '',
    formatMakeVariables(),
    '',
    `Overlays: ${overlays}. Components: ${components}. [production.md](production.md) describes each component.`,
  ].join('\n')}\n`
}

function formatMakeVariables(): string {
  const rows = listVariables().map(({ name, targets, value, default: fallback, meaning }) => [
    asCode(name),
    meaning,
    /^an? /.test(value) ? value : asCode(value),
    fallback === undefined ? '–' : asValue(fallback),
    targets === 'cluster' ? 'any' : asCode(targets.join(', ')),
  ])
  return formatTable(['variable', 'meaning', 'value', 'default', 'targets'], rows)
}

function formatSettings(
  schema: z.ZodMiniObject,
  clash: Record<string, string>,
  deployed: ReadonlyMap<string, string> = new Map(),
): string {
  const rows = listSettings(schema, variableMeanings).map(
    ({ name, allowed, fallback, meaning }) => [
      asCode(name),
      meaning,
      allowed,
      fallback === undefined ? '**required**' : asValue(fallback),
      asValue(deployed.get(name) ?? '–'),
    ],
  )
  const table = formatTable(['variable', 'meaning', 'value', 'default', 'deployed'], rows)
  const rules = listRules(schema, clash).map(
    (rule) => `- ${rule.replace(/\b[A-Z_]{5,}\b/g, asCode)}`,
  )
  return [table, '', ...rules].join('\n')
}

/** Words stay text. A value becomes code. */
function asValue(text: string): string {
  return text === '–' || text.includes(' ') ? text : asCode(text)
}

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
