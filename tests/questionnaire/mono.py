"""Compiles and runs C#, with what Survey Solutions gives to its expressions."""

from __future__ import annotations

import shutil
import subprocess

import pytest

__all__ = ["HELPERS", "needs_mono", "run_csharp"]

HELPERS = """
using System; using System.Collections.Generic; using System.Linq;
class Base {
  public static bool IsAnswered<T>(T? x) where T : struct { return x.HasValue; }
  public static bool IsAnswered(string x) { return !string.IsNullOrEmpty(x); }
  public static bool IsAnswered(int[] x) { return x != null && x.Length > 0; }
  public static string S(long? x) {
    return x.HasValue ? x.Value.ToString() : "-";
  }
  public static string S(double? x) {
    return x.HasValue ? x.Value.ToString("R", System.Globalization.CultureInfo.InvariantCulture)
                      : "-";
  }
}
"""

needs_mono = pytest.mark.skipif(
    shutil.which("mcs") is None or shutil.which("mono") is None,
    reason="mono (mcs), which compiles and runs C#, is not installed",
)


def run_csharp(folder, source):
    """Run a program that goes on from `HELPERS`: the lines it writes."""
    (folder / "p.cs").write_text(HELPERS + source, encoding="utf-8")
    built = subprocess.run(
        ["mcs", "-nowarn:0429,0472,0162", "-out:p.exe", "p.cs"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr[:2000]
    ran = subprocess.run(["mono", "p.exe"], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()
