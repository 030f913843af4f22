// Joins the attempts of the probe with the kernel's records of refusals.
import { type Attempt, parseAttempts } from '../guest/probe.ts'
import type { SelinuxRun } from './selinux-guest.ts'

export type Judged = Attempt & {
  /** For example "create secure_signing_signer_t:tcp_socket". Empty if the kernel recorded no refusal. */
  record: string
  /** Succeeds when SELinux only records. */
  isPossible: boolean
}

const fields =
  /denied {2}\{ (?<rights>.*) \} .*comm="(?<comm>[^"]*)".*scontext=\w+:\w+:(?<from>\w+):.*tcontext=\w+:\w+:(?<to>\w+)\S* tclass=(?<kind>\w+) permissive=(?<permissive>[01])/

/** Returns each attempt of a container with the rights "deployed" or "root". */
export function judgeAttempts(run: SelinuxRun, name: string, rights: string): Judged[] {
  const controls = parseAttempts(run.parts.get(`${name} permissive`) ?? '')
  const possible = new Set(controls.filter(({ errno }) => errno === '').map((each) => each.name))
  const records = new Map<string, string>()
  for (const line of run.refusals) {
    const { rights: what, comm = '', from, to, kind, permissive } = fields.exec(line)?.groups ?? {}
    if (permissive !== '0' || from !== `secure_signing_${name}_t` || records.has(comm)) continue
    records.set(comm, `${what} ${to}:${kind}`)
  }
  return parseAttempts(run.parts.get(`${name} ${rights}`) ?? '').map((attempt) => ({
    ...attempt,
    record: records.get(attempt.comm) ?? '',
    isPossible: possible.has(attempt.name),
  }))
}

/** A refusal counts only if the same attempt is possible otherwise, and if the kernel recorded it for this type. */
export function isRefused({ errno, record, isPossible }: Judged): boolean {
  return isPossible && record !== '' && (errno === 'EACCES' || errno === 'EPERM')
}

/** Formats what each type refuses to root with all capabilities, as a table in Markdown. */
export function formatRefusals(frontend: readonly Judged[], signer: readonly Judged[]): string {
  const cell = (attempt?: Judged) =>
    attempt === undefined || !attempt.isPossible
      ? '–'
      : isRefused(attempt)
        ? `${attempt.errno}: ${attempt.record}`
        : 'allowed'
  const rows = frontend.map((each) => {
    const other = signer.find(({ name }) => name === each.name)
    return `| ${each.name} | ${cell(each)} | ${cell(other)} |`
  })
  return ['| attempt as root | frontend | signer |', '|---|---|---|', ...rows].join('\n')
}
