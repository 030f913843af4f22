// The commands of docs/key-managers.md for Google, with the rights of the project's owner. gcloud is on no package registry. Where
// it is not installed, gcloud-by-rest.ts stands for it.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tryRun } from '../../../../tools/cli/exec.ts'
import { makeFolder } from '../../../support/folder.ts'
import type { Google } from '../../../support/google/google.ts'
import { findFunctions } from '../../../support/pages/external-secrets-page.ts'
import { fillIn, runLine } from '../page-shell.ts'

const substitute = join(import.meta.dirname, 'gcloud-by-rest.ts')

/** Runs a line of the page, with the page's functions. */
export type Bash = (line: string, input?: string) => Promise<string>

export async function openGcloud({ owner, env, cluster }: Google): Promise<Bash> {
  const hasGcloud = (await tryRun('gcloud', ['--version'])).code === 0
  console.info(`The page's commands run by ${hasGcloud ? 'gcloud' : 'the REST API'}.`)
  const values: Record<string, string> = {
    ...{ PROJECT: cluster.projectId, CLUSTER_PROJECT: cluster.projectId },
    CLUSTER_PROJECT_NUMBER: cluster.projectNumber,
  }
  const fill = (line: string) => fillIn(line, values)
  const home = await makeFolder()
  const token = join(home, 'access-token')
  await writeFile(token, owner, { mode: 0o600 })
  const functions = findFunctions('Google Secret Manager').map(fill)
  if (!hasGcloud) functions.push(`gcloud() { '${process.execPath}' '${substitute}' "$@"; }`)
  const shell = {
    functions,
    env: {
      ...{ ...env, PATH: process.env.PATH, HOME: home, CLOUDSDK_CONFIG: home },
      CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: token,
      CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE: env.SSL_CERT_FILE,
      CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
      CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1',
    },
  }
  return (line, input) => runLine(shell, fill(line), input)
}
