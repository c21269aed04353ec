import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { config } from 'zod';
import { LivePage } from './live-page.tsx';
import './page.css';

// The page's policy forbids making code from text, which zod would otherwise try.
config({ jitless: true });

const root = document.getElementById('page');
if (root === null) throw new Error('index.html lost its #page element');
createRoot(root).render(
  <StrictMode>
    <LivePage />
  </StrictMode>,
);
