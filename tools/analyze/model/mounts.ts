// Which container mounts which volume: the boundary between the containers of a Pod.
import type { Finding } from '../finding.ts'
import { type Container, listContainers, type Volume, type Workload } from './pod.ts'

export type Mount = Container['volumeMounts'][number] & {
  container: string
  path: Container['path']
}

/** Lists the mounts of `volumes`. */
export function listMounts(pod: Workload, volumes: readonly Volume[]): Mount[] {
  const names = new Set(volumes.map(({ name }) => name))
  return listContainers(pod).flatMap(({ name, path, volumeMounts }) =>
    volumeMounts
      .map((mount, index) => ({
        ...mount,
        container: name,
        path: [...path, 'volumeMounts', index],
      }))
      .filter((mount) => names.has(mount.name)),
  )
}

/** Finds containers outside `expected` that mount one of `volumes`, and those in `expected` that mount none. */
export function checkMounters(
  pod: Workload,
  volumes: readonly Volume[],
  expected: readonly string[],
  what: string,
): Finding[] {
  const { resource } = pod
  const mounts = listMounts(pod, volumes)
  const unexpected = mounts
    .filter(({ container }) => !expected.includes(container))
    .map(({ container, path }) => ({
      resource,
      path,
      message: `${container} mounts ${what}. Only ${expected.join(' and ')} may mount it`,
    }))
  const missing = expected
    .filter((name) => !mounts.some(({ container }) => container === name))
    .map((name) => {
      const owner = listContainers(pod).find((each) => each.name === name)
      const path = owner === undefined ? [...pod.path, 'spec'] : [...owner.path, 'volumeMounts']
      return { resource, path, message: `${name} does not mount ${what}` }
    })
  return [...unexpected, ...missing]
}

/** Finds volumes that are not in memory. */
export function checkInMemory(pod: Workload, volumes: readonly Volume[], what: string): Finding[] {
  return volumes
    .filter(({ emptyDir }) => emptyDir?.medium !== 'Memory')
    .map(({ path }) => ({
      resource: pod.resource,
      path: [...path, 'emptyDir'],
      message: `${what} is not in memory: set emptyDir.medium to Memory`,
    }))
}
