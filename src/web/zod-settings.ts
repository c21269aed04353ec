import { config } from 'zod';

// The page's policy forbids making code from text, which zod would otherwise try. Imported before any schema is made.
config({ jitless: true });
