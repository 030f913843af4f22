// What the kernel allows each container of a Pod, read from the files of the local cluster's node. The Pod itself is not asked.
import { readdir, readFile, readlink } from 'node:fs/promises'
import { application } from '../../../../tools/kube/application.ts'
import type { Running } from './pod-start.ts'

/** More freedoms, fewer restrictions or higher limits make a container looser. */
export type ContainerPosture = {
  freedoms: ReadonlySet<string>
  restrictions: ReadonlySet<string>
  limits: ReadonlyMap<string, number>
}

/** By the name of the container. */
export type Posture = ReadonlyMap<string, ContainerPosture>

type Found = { name: string; pid: number; status: ReadonlyMap<string, string> }

const proxyUser = '1337'
const namespaces = ['pid', 'net', 'ipc', 'uts', 'mnt', 'user'] as const
/** The container runtime mounts these over what a container must not see or change. */
const masked = /^\/(proc|sys)\//
/** Paths with an id that is new in each Pod. */
const ids = /[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|[0-9a-f]{8}$/g
const sizeOf = 'size of '
/** In the container of the application they load code that is not trusted in any case. */
const variables = /^(NODE_|LD_|SSL_|OPENSSL_|GODEBUG|[a-z]+_proxy|[A-Z]+_PROXY)/

/** Reads the posture of the containers of a Pod. `init`: the first process of the node. */
export async function readPosture(
  uid: string,
  containers: readonly Running[],
  init: number,
): Promise<Posture> {
  const found = await findProcesses(uid, containers)
  const ofNode = await readNamespaces(init)
  const spaces = new Map(
    await Promise.all(
      found.map(async ({ name, pid }) => [name, await readNamespaces(pid)] as const),
    ),
  )
  return new Map(
    await Promise.all(
      found.map(async (each) => {
        const own = spaces.get(each.name)
        const shared = namespaces.flatMap((kind) => {
          if (own?.get(kind) === ofNode.get(kind)) return [`the ${kind} namespace of the node`]
          return [...spaces]
            .filter(([name, other]) => name !== each.name && other.get(kind) === own?.get(kind))
            .map(([name]) => `the ${kind} namespace of ${name}`)
        })
        return [each.name, await readContainer(each, found, shared)] as const
      }),
    ),
  )
}

async function readContainer(
  { name, pid, status }: Found,
  all: readonly Found[],
  shared: readonly string[],
): Promise<ContainerPosture> {
  const [mounts, ports, environment, args, label, limits] = await Promise.all([
    readMounts(pid),
    readPorts(pid),
    readList(pid, 'environ'),
    readList(pid, 'cmdline'),
    readFile(`/proc/${pid}/attr/current`, 'utf8').catch(() => ''),
    readLimits(pid),
  ])
  const read = (field: string) => (status.get(field) ?? '').split(/\s+/).filter(Boolean)
  const users = new Set(read('Uid'))
  const sameUser = all.filter(
    (other) =>
      other.name !== name && users.has((other.status.get('Uid') ?? '').split(/\s+/)[0] ?? ''),
  )
  return {
    freedoms: new Set([
      ...['CapEff', 'CapPrm', 'CapBnd', 'CapAmb'].flatMap((field) =>
        listBits(read(field)[0] ?? '0').map((bit) => `capability ${bit} (${field})`),
      ),
      ...(read('NoNewPrivs')[0] === '1' ? [] : ['may gain privileges (no_new_privs is off)']),
      ...(read('Seccomp')[0] === '0' ? ['every system call (no seccomp filter)'] : []),
      ...(users.has('0') ? ['the user root'] : []),
      ...(users.has(proxyUser) ? ['the user of the proxy'] : []),
      ...sameUser.map((other) => `the user of ${other.name}`),
      ...[...new Set([...read('Gid'), ...read('Groups')])].map((group) => `the group ${group}`),
      ...(/unconfined/.test(label) ? ['no AppArmor profile'] : []),
      ...shared,
      ...mounts.freedoms,
      ...ports.map((port) => `listens at ${port}`),
      ...environment
        .map((each) => each.split('=')[0] ?? '')
        .filter((each) => name !== application.container && variables.test(each))
        .map((each) => `the variable ${each}`),
      ...args.filter((each) => each.startsWith('--allow-')).map((each) => `the argument ${each}`),
    ]),
    restrictions: new Set([
      ...mounts.masks,
      ...args
        .filter((each) => each.startsWith('--permission'))
        .map((each) => `the argument ${each}`),
    ]),
    limits: new Map([...limits, ...mounts.sizes]),
  }
}

/** Names what is looser in `after`, e.g. "signer: the user root". A new container counts with all its freedoms. */
export function listLooser(before: Posture, after: Posture): string[] {
  const looser = [...after].flatMap(([name, is]) => {
    const was = before.get(name)
    if (was === undefined) return [`a new container ${name}`]
    return [
      ...[...is.freedoms].filter((each) => !was.freedoms.has(each)),
      ...[...was.restrictions]
        .filter((each) => !is.restrictions.has(each))
        .map((each) => `without ${each}`),
      ...[...is.limits]
        .filter(([limit, value]) => value > (was.limits.get(limit) ?? Number.POSITIVE_INFINITY))
        .map(([limit, value]) => `${limit} ${was.limits.get(limit)} → ${value}`),
    ].map((each) => `${name}: ${each}`)
  })
  // The size of a volume in memory follows from the limits of the containers.
  return looser.toSorted((one, other) => Number(isSize(one)) - Number(isSize(other)))
}

const isSize = (looser: string) => looser.includes(sizeOf)

/** Finds the first process of each container. */
async function findProcesses(uid: string, containers: readonly Running[]): Promise<Found[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0)
  const found = new Map<string, Found>()
  await Promise.all(
    pids.map(async (pid) => {
      const cgroup = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '')
      if (!cgroup.includes(uid)) return
      const container = containers.find(({ id }) => cgroup.includes(id))
      const known = container && found.get(container.name)
      if (container === undefined || (known !== undefined && known.pid < pid)) return
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
      const fields = status.split('\n').map((line): [string, string] => {
        const [field = '', ...value] = line.split(':')
        return [field, value.join(':').trim()]
      })
      const earlier = found.get(container.name)
      if (earlier !== undefined && earlier.pid < pid) return
      found.set(container.name, { name: container.name, pid, status: new Map(fields) })
    }),
  )
  return [...found.values()]
}

async function readNamespaces(pid: number): Promise<Map<string, string>> {
  return new Map(
    await Promise.all(
      namespaces.map(async (kind) => [kind, await readlink(`/proc/${pid}/ns/${kind}`)] as const),
    ),
  )
}

async function readList(pid: number, file: 'environ' | 'cmdline'): Promise<string[]> {
  return (await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')).split('\0')
}

/** A line of mountinfo: id, parent, device, root, mount point, options, optional fields, "-", type, source, options. */
async function readMounts(pid: number) {
  const lines = (await readFile(`/proc/${pid}/mountinfo`, 'utf8')).trim().split('\n')
  const mounts = lines.map((line) => {
    const [own = '', rest = ''] = line.split(' - ')
    const [, , , root = '', point = '', options = ''] = own.split(' ')
    const [type = '', , inner = ''] = rest.split(' ')
    return {
      root: root.replaceAll(ids, 'ID'),
      point,
      type,
      options: options.split(','),
      inner: inner.split(','),
    }
  })
  const normal = mounts.filter(({ point, type }) => !masked.test(point) && type !== 'cgroup')
  return {
    freedoms: normal.flatMap(({ root, point, type, options, inner }) => [
      `the mount ${point} (${type} ${root})`,
      ...(options.includes('rw') && inner.includes('rw') ? [`${point} is writable`] : []),
      ...['nosuid', 'nodev', 'noexec']
        .filter((option) => !options.includes(option))
        .map((option) => `${point} without ${option}`),
    ]),
    masks: mounts
      .filter(({ point }) => masked.test(point))
      .map(({ point, type, options }) => `the mask ${point} (${type}, ${options[0]})`),
    sizes: normal.flatMap(({ point, inner }): [string, number][] => {
      const size = inner.find((each) => each.startsWith('size='))
      return size === undefined
        ? []
        : [[`${sizeOf}${point} in KiB`, Number.parseInt(size.slice(5), 10)]]
    }),
  }
}

/** Lists the ports at which something in the network namespace listens. */
async function readPorts(pid: number): Promise<string[]> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((file) => readFile(`/proc/${pid}/net/${file}`, 'latin1').catch(() => '')),
  )
  const listening = '0A'
  const all = tables
    .flatMap((table) => table.trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === listening)
    .map(([, local = '']) => {
      const [address = '', port = ''] = local.split(':')
      const where = /^0+$/.test(address) ? 'every address' : 'loopback'
      return `port ${Number.parseInt(port, 16)} of ${where}`
    })
  return [...new Set(all)]
}

/** The files of cgroup version 1 and 2. "max" or a huge number: no limit. */
const limitFiles: Readonly<Record<string, readonly string[]>> = {
  'the memory in bytes': ['memory/PATH/memory.limit_in_bytes', 'PATH/memory.max'],
  'the processor time in microseconds': ['cpu/PATH/cpu.cfs_quota_us', 'PATH/cpu.max'],
  'the number of processes': ['pids/PATH/pids.max', 'PATH/pids.max'],
}

async function readLimits(pid: number): Promise<[string, number][]> {
  const cgroup = await readFile(`/proc/${pid}/cgroup`, 'utf8')
  const path = /:memory:(.*)|^0::(.*)/m.exec(cgroup)
  const own = path?.[1] ?? path?.[2] ?? ''
  return Promise.all(
    Object.entries(limitFiles).map(async ([name, files]): Promise<[string, number]> => {
      for (const file of files) {
        const text = await readFile(`/sys/fs/cgroup/${file.replace('PATH', own)}`, 'utf8').catch(
          () => undefined,
        )
        const value = Number.parseInt(text ?? '', 10)
        if (text !== undefined) return [name, value > 0 ? value : Number.POSITIVE_INFINITY]
      }
      return [name, Number.POSITIVE_INFINITY]
    }),
  )
}

function listBits(hex: string): number[] {
  const bits = BigInt(`0x${hex}`)
  return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (bits >> BigInt(bit)) & 1n)
}
