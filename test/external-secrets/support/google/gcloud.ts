// The commands of docs/key-managers.md for Google, run by gcloud with the rights of the project's owner.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tryRun } from '../../../../tools/cli/exec.ts'
import { makeFolder } from '../../../support/folder.ts'
import { listFunctions } from '../../../support/pages/external-secrets-page.ts'
import type { Surroundings } from '../clouds/ask.ts'
import { type PageShell, runLine } from '../page-shell.ts'

/** Runs a line of bash with the page's functions. `values`: what takes the place of the page's placeholders. */
export type Gcloud = (line: string, input?: string) => Promise<string>
/** gcloud of this machine, or the requests that it would send. */
export type Means = 'gcloud' | 'REST'

const substitute = join(import.meta.dirname, 'gcloud-by-rest.ts')

/** gcloud is on no package registry, so a machine may have it or not. */
export async function findMeans(): Promise<Means> {
  return (await tryRun('gcloud', ['--version'])).code === 0 ? 'gcloud' : 'REST'
}

/** `owner`: an access token. */
export async function createGcloud(
  means: Means,
  owner: string,
  surroundings: Surroundings,
  placeholders: Readonly<Record<string, string>>,
): Promise<Gcloud> {
  const home = await makeFolder()
  const tokenFile = join(home, 'access-token')
  await writeFile(tokenFile, owner, { mode: 0o600 })
  const env = {
    ...{ PATH: process.env.PATH, HOME: home, CLOUDSDK_CONFIG: join(home, 'gcloud') },
    ...surroundings,
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: tokenFile,
    CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE: surroundings.SSL_CERT_FILE,
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: '1',
  }
  const functions = listFunctions('gcloud').map(fillIn)
  if (means === 'REST')
    functions.unshift(`gcloud() { '${process.execPath}' '${substitute}' "$@"; }`)
  const shell: PageShell = { functions, env }
  return (line, input) => runLine(shell, fillIn(line), input)

  function fillIn(text: string): string {
    const names = new RegExp(`\\b(${Object.keys(placeholders).join('|')})\\b`, 'g')
    return text.replaceAll(names, (name) => placeholders[name] ?? name)
  }
}
