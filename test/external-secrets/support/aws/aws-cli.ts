// The AWS command line and the commands of docs/key-managers.md, run with given credentials.
import { CommandError, type RunResult, tryRun } from '../../../../tools/cli/exec.ts'
import { findFunctions } from '../../../support/pages/external-secrets-page.ts'
import { runLine } from '../page-shell.ts'
import { describePython } from './moto.ts'

export const region = 'eu-central-1'

export type Credentials = { id: string; secret: string; session?: string }
export type AwsCli = {
  tryAws: (credentials: Credentials, args: readonly string[]) => Promise<RunResult>
  aws: (credentials: Credentials, args: readonly string[]) => Promise<string>
  bash: (credentials: Credentials, line: string, input?: string) => Promise<string>
}

/** `folder`: what fetchMoto returns. `url`: where AWS is. */
export function createAwsCli(folder: string, url: string): AwsCli {
  const { command, env } = describePython(folder, 'aws')
  const listEnv = ({ id, secret, session }: Credentials) => ({
    ...{ ...env, PATH: process.env.PATH, AWS_DEFAULT_REGION: region },
    ...{ AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret },
    ...(session !== undefined && { AWS_SESSION_TOKEN: session }),
  })
  const [python, ...first] = command
  const functions = [
    `aws() { ${command.join(' ')} "$@"; }`,
    ...findFunctions('AWS Secrets Manager'),
  ]
  const tryAws: AwsCli['tryAws'] = (credentials, args) =>
    tryRun(python, [...first, ...args], { env: listEnv(credentials) })
  return {
    tryAws,
    aws: async (credentials, args) => {
      const result = await tryAws(credentials, args)
      if (result.code !== 0) throw new CommandError(`aws ${args.slice(0, 2).join(' ')}`, result)
      return result.stdout
    },
    bash: (credentials, line, input) =>
      runLine({ functions, env: listEnv(credentials) }, line, input),
  }
}
