import { hub } from './hub.js';

hub();
