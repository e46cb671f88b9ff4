import type { Image } from '../image.ts'
import type { ProgramTable } from '../program.ts'
import { basicTools } from './basic.ts'
import { fileTools } from './files.ts'
import { kernelTools } from './kernel.ts'
import { modeTools } from './modes.ts'
import { busyboxNetworkTools, debianNetworkTools } from './network.ts'
import { shell } from './shell.ts'

const COMMON: ProgramTable = { ...basicTools, ...fileTools, ...modeTools, ...kernelTools, sh: shell, ash: shell }
const BUSYBOX: ProgramTable = { ...COMMON, ...busyboxNetworkTools }
const DEBIAN: ProgramTable = { ...COMMON, ...debianNetworkTools, bash: shell, dash: shell }

/** What is in $PATH of an image beside its own programs. */
export function toolsOf(tools: Image['tools']): ProgramTable {
  if (tools === 'none') return {}
  return tools === 'debian' ? DEBIAN : BUSYBOX
}
