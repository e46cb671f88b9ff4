import type { Image } from '../image.ts'
import { distributions } from './busybox.ts'
import { nginxImage } from './nginx.ts'
import { pause } from './pause.ts'

/** Every image of the simulated registries. A new one is a file here and a line in this list. */
export const IMAGES: readonly Image[] = [pause, nginxImage, ...distributions]
