// The Azure command line and the commands of docs/key-managers.md, with the rights to write the key.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKOUT } from '../../../../tools/cli/checkout.ts'
import { describePython, fetchPackages } from '../../../../tools/local-cluster/programs/python.ts'
import { type Azure, group } from '../../../support/azure/azure.ts'
import { makeFolder } from '../../../support/folder.ts'
import { findFunctions } from '../../../support/pages/external-secrets-page.ts'
import { fillIn, runLine } from '../page-shell.ts'

const requirements = join(CHECKOUT, 'test/support/programs/azure-cli/requirements.txt')

export type Az = {
  /** Runs a line of the page, with the page's functions. */
  bash: (line: string, input?: string) => Promise<string>
  /** From now on these names in capitals on the page have these values. */
  setValues: (values: Readonly<Record<string, string>>) => void
}

/** Logs in as the operator, who may write the key. `issuer`: of the cluster's tokens. */
export async function openAz({ directory, env, vault }: Azure, issuer: string): Promise<Az> {
  const python = describePython(await fetchPackages(requirements))
  const home = await makeFolder()
  const ISSUER = issuer.replace('https://', '')
  const values: Record<string, string> = { GROUP: group, VAULT: vault.name, ISSUER }
  const fill = (line: string) => fillIn(line, values)
  const shell = {
    functions: [
      `az() { ${python.command.join(' ')} -m azure.cli "$@"; }`,
      ...findFunctions('Azure Key Vault').map(fill),
    ],
    env: {
      ...{ ...python.env, PATH: process.env.PATH, HOME: home, AZURE_CONFIG_DIR: home },
      ...{ HTTPS_PROXY: env.HTTPS_PROXY, REQUESTS_CA_BUNDLE: env.SSL_CERT_FILE },
      AZURE_CORE_COLLECT_TELEMETRY: 'no',
    },
  }
  const bash: Az['bash'] = (line, input) => runLine(shell, fill(line), input)

  const { clientId, secret } = directory.operator
  const file = join(home, 'secret')
  await writeFile(file, secret, { mode: 0o600 })
  await bash(
    `az login --service-principal -u ${clientId} -p @${file} --tenant ${directory.tenant} -o none`,
  )
  return {
    bash,
    setValues: (more) => void Object.assign(values, more),
  }
}
