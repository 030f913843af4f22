// Finds the platform of the nodes, which the images must have. The tag of an image depends on its platform.
import { tryRun } from '../../cli/exec.ts'
import { say } from '../../cli/terminal.ts'
import { machinePlatform, readArchitecture } from '../../images/platform.ts'

export type NodePlatform = {
  /** Several, with commas, for images of a release. */
  platform: string
  /** Set if the nodes have several architectures. Then the Pods must select the one of the images. */
  architecture: string | undefined
}

const path =
  '{range .items[*]}{.status.nodeInfo.operatingSystem}/{.status.nodeInfo.architecture}{"\\n"}{end}'

/** `wanted` is TARGET_PLATFORM. Prints a note if no node has the platform, or if the nodes cannot be listed. */
export async function findNodePlatform(wanted: string | undefined): Promise<NodePlatform> {
  const result = await tryRun('kubectl', ['get', 'nodes', '-o', `jsonpath=${path}`], {
    timeoutMs: 30_000,
  })
  if (result.code !== 0) {
    const platform = wanted ?? machinePlatform
    say(
      `  note  the nodes cannot be listed, so the images are for ${platform}. TARGET_PLATFORM sets another platform: ${result.stderr.trim()}`,
    )
    return { platform, architecture: undefined }
  }
  return choosePlatform(wanted, result.stdout.split('\n'))
}

/** `nodes`: the platform of each node. The Pods run on Linux nodes alone. */
export function choosePlatform(wanted: string | undefined, nodes: readonly string[]): NodePlatform {
  const found = [...new Set(nodes.filter((each) => each.startsWith('linux/')))].sort()
  const listed = found.join(' and ')
  if (wanted?.includes(',')) return checkPlatforms(wanted, found)
  const platform =
    wanted ?? (found.includes(machinePlatform) ? machinePlatform : (found[0] ?? machinePlatform))
  const architecture = readArchitecture(platform)
  if (found.length > 0 && !found.some((each) => readArchitecture(each) === architecture)) {
    say(`  note  the images are for ${platform}, but the nodes have ${listed}`)
    return { platform, architecture }
  }
  if (wanted === undefined && found.length > 0 && platform !== machinePlatform) {
    say(
      `  note  the nodes have ${listed}, unlike this machine. Build with \`make images TARGET_PLATFORM=${platform} …\``,
    )
  }
  if (found.length < 2) return { platform, architecture: undefined }
  say(
    `  note  the nodes have ${listed}. The images are for ${platform}, so the Pods select nodes with kubernetes.io/arch=${architecture}. TARGET_PLATFORM chooses another one`,
  )
  return { platform, architecture }
}

/** The images fit several platforms, so the Pods select no nodes. */
function checkPlatforms(wanted: string, found: readonly string[]): NodePlatform {
  const built = wanted.split(',').map(readArchitecture)
  const others = found.filter((each) => !built.includes(readArchitecture(each)))
  if (others.length > 0) {
    say(
      `  note  the images are for ${wanted}, but some nodes have ${others.join(' and ')}. A Pod on such a node does not start`,
    )
  }
  return { platform: wanted, architecture: undefined }
}
