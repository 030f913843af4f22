// Runs programs under a container's seccomp profile, as the container runtime does: libseccomp installs the filter, then
// the program is executed. Without libseccomp the programs run unconfined, and `isConfining` is false.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readProfiles } from './seccomp-profiles.ts'

const loader = `
import ctypes, json, os, sys
library = ctypes.CDLL("libseccomp.so.2")
library.seccomp_init.restype = ctypes.c_void_p
class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]
def check(code):
    if code < 0: sys.exit(f"libseccomp: {os.strerror(-code)}")
profile = json.load(open(sys.argv[1]))
actions = {"SCMP_ACT_ALLOW": 0x7FFF0000, "SCMP_ACT_ERRNO": 0x50000}
operators = {"SCMP_CMP_EQ": 4, "SCMP_CMP_MASKED_EQ": 7}
context = ctypes.c_void_p(library.seccomp_init(actions[profile["defaultAction"]] | profile["defaultErrnoRet"]))
for rule in profile["syscalls"]:
    given = [(each["index"], operators[each["op"]], each["value"], each.get("valueTwo", 0)) for each in rule.get("args", [])]
    comparisons = (Comparison * len(given))(*given)
    action = actions[rule["action"]] | rule.get("errnoRet", 0)
    for name in rule["names"]:
        number = library.seccomp_syscall_resolve_name(name.encode())
        check(library.seccomp_rule_add_array(context, action, number, len(given), comparisons))
check(library.seccomp_load(context))
os.execvp(sys.argv[2], sys.argv[2:])
`

type Service = 'frontend' | 'signer'
export type Command = readonly [program: string, ...args: string[]]

const folder = mkdtempSync(join(tmpdir(), 'secure-signing-seccomp-'))
process.once('exit', () => rmSync(folder, { recursive: true }))
const files = Object.fromEntries(
  Object.entries(readProfiles()).map(([service, text]) => {
    const file = join(folder, `${service}.json`)
    writeFileSync(file, text)
    return [service, file]
  }),
)

/** True if this machine can apply the profiles: Linux on x86-64, with Python and libseccomp. */
export const isConfining: boolean = process.arch === 'x64' && canLoad()

/** Returns the command that runs `command` under a service's profile, or `command` itself if that is not possible. */
export function confine(service: Service, command: Command): Command {
  return isConfining ? load(service, command) : command
}

function load(service: Service, command: Command): Command {
  return ['python3', '-c', loader, files[service] ?? '', ...command]
}

function canLoad(): boolean {
  const [program, ...args] = load('frontend', ['/bin/true'])
  return spawnSync(program, args).status === 0
}
