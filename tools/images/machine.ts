// The machines that a program is for.

/** The field e_machine of an ELF file, by the name of the architecture in Go and in OCI. */
const machines: Readonly<Record<number, string>> = {
  3: '386',
  21: 'ppc64le',
  22: 's390x',
  40: 'arm',
  62: 'amd64',
  183: 'arm64',
  243: 'riscv64',
}

/** Returns the architecture that an ELF file is for, for example "arm64". Undefined: no ELF file, or an unknown machine. */
export function readMachine(file: Buffer): string | undefined {
  if (file.length < 20 || file.readUInt32BE(0) !== 0x7f454c46) return undefined
  const isBigEndian = file[5] === 2
  return machines[isBigEndian ? file.readUInt16BE(18) : file.readUInt16LE(18)]
}
