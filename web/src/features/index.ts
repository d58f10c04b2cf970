// The list of everything that the console shows. A new part is a folder here and one line.
import type { Feature } from '../app/feature';
import { feature as access } from './access';
import { feature as activation } from './activation';
import { feature as analysis } from './analysis';
import { feature as applications } from './applications';
import { feature as authorities } from './authorities';
import { feature as debugging } from './debugging';
import { feature as gallery } from './gallery';
import { feature as logs } from './logs';
import { feature as overview } from './overview';
import { feature as production } from './production';
import { feature as devices } from './devices';
import { feature as products } from './products';
import { feature as projects } from './projects';
import { feature as session } from './session';
import { feature as system } from './system';

export const features: readonly Feature[] = [
  overview,
  products,
  devices,
  debugging,
  production,
  activation,
  applications,
  logs,
  projects,
  authorities,
  system,
  access,
  session,
  analysis,
  gallery,
];
