// Compiles Debian's SELinux policy with one more module, and reads with setools what it allows.

import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandError, type RunResult, tryRun } from '../../../tools/cli/exec.ts'
import { makeFolder } from '../folder.ts'

const modules = '/usr/share/selinux/default'
/** Runs a program in the root $2 with $1 as its /tmp, in its own mount namespace. */
const enter = 'mount --bind "$1" "$2/tmp"; root=$2; shift 2; exec chroot "$root" "$@"'

/** `source` and `target`: a type or an attribute. `kind`: a class of objects, e.g. "tcp_socket". */
export type AllowRule = { source: string; target: string; kind: string; permissions: string[] }

export type SelinuxPolicy = {
  /** Runs sesearch. Returns one rule a line. */
  search: (...query: string[]) => Promise<string[]>
  describe: (...query: string[]) => Promise<string>
}

/** Compiles `module` with Debian's policy in `root`. Throws CommandError if secilc refuses it. */
export async function compilePolicy(root: string, module: string): Promise<SelinuxPolicy> {
  const folder = await makeFolder()
  const call = async (...command: string[]) => {
    const args = ['--mount', 'sh', '-euc', enter, 'sh', folder, root, ...command]
    const result: RunResult = await tryRun('unshare', args, { timeoutMs: 200_000 })
    if (result.code === 0) return result.stdout
    throw new CommandError(command[0] ?? '', result)
  }
  await writeFile(join(folder, 'module.cil'), module)
  const names = (await readdir(join(root, modules))).filter((name) => name.endsWith('.cil'))
  const others = names.map((name) => join(modules, name))
  // As with semodule, modules may repeat declarations.
  const flags = ['--multiple-decls', '--filecontext=/dev/null', '--output=/tmp/policy']
  // The module comes first, so that an error in it shows early.
  await call('secilc', ...flags, '/tmp/module.cil', ...others)
  const answers = new Map<string, Promise<string>>()
  /** Each program reads the whole policy first, which takes most of a second. So a query runs only once. */
  const ask = (...command: string[]) => {
    const name = command.join(' ')
    const answer = answers.get(name) ?? call(...command)
    answers.set(name, answer)
    return answer
  }
  return {
    search: async (...query) =>
      (await ask('sesearch', '/tmp/policy', ...query)).split('\n').filter((line) => line !== ''),
    describe: (...query) => ask('seinfo', '/tmp/policy', ...query),
  }
}

/** Lists the rules of `source`, with those for every domain and those that depend on a setting. */
export async function listAllowed(policy: SelinuxPolicy, source: string): Promise<AllowRule[]> {
  const lines = await policy.search('-A', '-s', source)
  return lines.map((line) => {
    const parts = /^allow (\S+) (\S+):(\S+) (?:\{ (.*) \}|(\S+));/.exec(line)
    if (parts === null) throw new Error(`sesearch prints what is no rule: ${line}`)
    const [, from = '', target = '', kind = '', several, one = ''] = parts
    return { source: from, target, kind, permissions: (several ?? one).split(' ') }
  })
}
