// Brings a Chromium where that takes no question: as root on Debian. Elsewhere the tests are skipped, and say so.
import { installDebianPackages, isThere } from '../../../tools/local-cluster/requirements.ts'
import { CHROMIUM_REMEDY, findChromium } from '../../../tools/verify/matrix/chromium.ts'

/** vitest's globalSetup. */
export async function setup(): Promise<void> {
  if ((await findChromium()) !== undefined) return
  if (process.getuid?.() === 0 && (await isThere('apt-get'))) {
    await installDebianPackages(['chromium']).catch(({ message }: Error) => console.warn(message))
  }
  if ((await findChromium()) === undefined) {
    console.warn(`skipped: the matrix's page in a browser; ${CHROMIUM_REMEDY}`)
  }
}
