// Runs commands of docs/key-managers.md in bash, as the page says.
import { run } from '../../../tools/cli/exec.ts'
import { makeKey, makeWebhookKey } from '../../support/pages/external-secrets-page.ts'

export type PageShell = {
  /** The page's functions of one cloud, and what stands for its CLI. */
  functions: readonly string[]
  env: Readonly<Record<string, string | undefined>>
}

/** Puts the values of names in capitals, such as VAULT, into a line of the page. */
export function fillIn(line: string, values: Readonly<Record<string, string>>): string {
  return line.replaceAll(/\b[A-Z][A-Z_]+\b/g, (name) => values[name] ?? name)
}

/** Runs `line`, e.g. `get` or `put`, with `input` as its standard input. Returns what it prints. */
export function runLine({ functions, env }: PageShell, line: string, input = ''): Promise<string> {
  // `cat`, because standard input is a socket here, and /dev/stdin cannot open it.
  const script = [...functions, makeKey, makeWebhookKey, `cat | { ${line}; }`].join('\n')
  return run('bash', ['-euo', 'pipefail', '-c', script], { env, input })
}
