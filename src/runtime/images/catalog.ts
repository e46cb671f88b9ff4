import type { Image } from '../image.ts'
import { distributions } from './busybox.ts'
import { calicoImages } from './calico.ts'
import { componentImages } from './components.ts'
import { databaseImages } from './databases.ts'
import { echoImages } from './echo.ts'
import { languageImages } from './languages.ts'
import { nginxImage } from './nginx.ts'
import { pause } from './pause.ts'
import { storageImages } from './storage.ts'
import { testImages } from './testing.ts'
import { toolBoxes } from './tool-boxes.ts'
import { webImages } from './web.ts'

/** Every image of the simulated registries. A new one is a file here and a line in this list. */
export const IMAGES: readonly Image[] = [
  pause,
  nginxImage,
  ...distributions,
  ...webImages,
  ...databaseImages,
  ...languageImages,
  ...testImages,
  ...echoImages,
  ...toolBoxes,
  ...componentImages,
  ...calicoImages,
  ...storageImages,
]
